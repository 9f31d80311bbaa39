"""Alert rules and the dashboard: right for Prometheus, and about figures that exist."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.runs import RunStatus
from bot.store.calls import CallStatus
from bot.store.cluster.workers import WorkerState
from tests.deploy.promtool import promtool
from tests.telemetry.board import full_board, names

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
RULES = DEPLOY / "prometheus"
VALUES: dict[tuple[str, str], set[str]] = {
    ("coppice_deliveries", "decision"): {"pending", "error", "dead"},
    ("coppice_deliveries_journalled_total", "outcome"): {"new", "seen", "failed"},
    ("coppice_webhooks_refused_total", "status"): {"400", "401", "413"},
    ("coppice_workers", "state"): set(map(str, WorkerState)),
    ("coppice_runs", "status"): set(map(str, RunStatus)),
    ("coppice_runs_concluded_total", "status"): set(map(str, RunStatus)),
    ("coppice_effects_total", "outcome"): {
        "written",
        "unchanged",
        "delayed",
        "refused",
        "failed",
    },
    ("coppice_model_calls_total", "status"): set(map(str, CallStatus)),
}
"""What labels may say, by metric and label."""
METRIC = re.compile(r"\b(?:coppice|process)_[a-z_]+\b")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((RULES / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    board = json.loads((DEPLOY / "grafana" / "coppice.json").read_text())
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


async def exported() -> set[str]:
    """Everything that a worker can export: those with labels are there once something happens."""
    text = (await full_board().text()).decode()
    families = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    shown = await names(full_board())
    parts = [f"{name}_{part}" for name in families for part in ("bucket", "sum", "count")]
    return shown | families | set(parts)


async def test_every_metric_that_is_named_is_exported() -> None:
    known = await exported()
    named = {name: metric for name, text in expressions() for metric in METRIC.findall(text)}
    missing = {name: metric for name, metric in named.items() if metric not in known}

    assert len(named) > 20
    assert missing == {}


async def test_every_metric_that_is_exported_is_shown_or_watched() -> None:
    used = " ".join(text for _, text in expressions())
    text = (await full_board().text()).decode()
    families = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE coppice")}
    plain = {name for name in families if not name.endswith("_created")}

    assert [name for name in sorted(plain) if name not in used] == []


def test_labels_that_rules_ask_for_are_there() -> None:
    """A misspelt value never fires, and nobody notices."""
    asked = [
        (metric, label, set(values.split("|")))
        for _, text in expressions()
        for metric, selector in re.findall(r"(coppice_[a-z_]+)\{([^}]*)\}", text)
        for label, values in re.findall(r'(\w+)[!=]~?"([^"]+)"', selector)
    ]

    assert len(asked) > 10
    for metric, label, values in asked:
        assert values <= VALUES[metric, label], (metric, label)


def test_every_alert_says_what_to_type() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]
        assert rule["annotations"].keys() == {"summary", "runbook"}, rule["alert"]


def test_every_alert_is_in_the_table_of_the_operations_guide() -> None:
    guide = (DEPLOY.parent / "docs" / "operations.md").read_text()

    assert [rule["alert"] for rule in rules() if f"`{rule['alert']}`" not in guide] == []


@pytest.mark.slow
def test_prometheus_takes_the_rules_and_they_fire_when_they_should() -> None:
    for arguments in (
        ("check", "rules", "alerts.yml"),
        ("test", "rules", "alerts.test.yml"),
        ("check", "config", "--syntax-only", "prometheus.yml"),
    ):
        done = promtool(*arguments, folder=RULES)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
async def test_prometheus_takes_what_is_exported() -> None:
    done = promtool("check", "metrics", folder=RULES, given=await full_board().text())

    assert (done.returncode, done.stderr) == (0, "")
