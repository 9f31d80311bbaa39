"""What a running service tells of itself: every line of its log, its figures, its traces."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.midnight import keep_clear
from tests.service.test_models import FIVE_CENTS, PLANS, REVIEWS, RIGHT, modelled
from tests.service.world import Json, World
from tests.telemetry.collector import Collector, collecting
from tests.telemetry.names import series

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

KEY = "a-key-of-a-model-endpoint-0123456789"


@dataclass
class Told:
    there: World
    collector: Collector
    run: Json
    metrics: dict[str, float]
    lines: list[Json]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(
    either_database: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Told]:
    """A run from label to pull request, then the service is stopped in order."""
    keep_clear(300)
    folder = tmp_path_factory.mktemp("telling")
    key = folder / "key"
    key.write_text(KEY)
    async with (
        collecting() as collector,
        modelled(
            folder,
            *(PLANS, RIGHT, REVIEWS),
            usage=FIVE_CENTS,
            key=key,
            COPPICE_LOG_FORMAT="json",
            COPPICE_TRACES=collector.url,
        ) as there,
    ):
        issue = await there.issue()
        await there.label(issue)
        run = await there.ended(issue)
        async with there.session.get(f"http://127.0.0.1:{there.port}/metrics") as answer:
            metrics = series(await answer.text())
        assert there.service is not None
        await there.service.stop()
        lines = [json.loads(line) for line in there.service.log.read_text().splitlines()]
        yield Told(there, collector, run, metrics, lines)


async def test_every_line_of_the_log_is_one_fact_in_json(told: Told) -> None:
    assert len(told.lines) > 10
    for line in told.lines:
        assert {"at", "level", "logger", "message"} <= line.keys()
    assert [line for line in told.lines if line["level"] in ("error", "critical")] == []


async def test_facts_carry_the_delivery_and_the_run_that_they_are_about(told: Told) -> None:
    run = told.run["id"]
    about = [line for line in told.lines if line.get("run") == run]

    assert {line["message"].partition(":")[0] for line in about} >= {
        "delivery",
        "stage",
        "effect",
        "model call",
        "run",
    }
    (started,) = [line for line in about if line["message"] == "delivery: start"]
    rows = await told.there.listed("deliveries", started["delivery"])
    assert rows[0]["runs"] == [run]
    assert [line["outcome"] for line in about if line["message"] == "run: done"] == ["done"]


async def test_no_secret_is_in_the_log(told: Told) -> None:
    text = json.dumps(told.lines)
    secret = told.there.settings["COPPICE_WEBHOOK_SECRET"]

    assert [word for word in (KEY, secret, "ghs_", "PRIVATE KEY") if word in text] == []


async def test_what_the_run_did_is_in_the_figures(told: Told) -> None:
    shown = told.metrics

    assert shown["coppice_runs{status=running}"] == 0
    assert shown["coppice_runs_following"] == 1
    assert (shown["coppice_workers{state=alive}"], shown["coppice_workers{state=dead}"]) == (1, 0)
    assert shown["coppice_runs_concluded_total{status=done}"] == 1
    assert shown["coppice_stage_attempts_total{stage=verify}{status=passed}"] == 1
    assert shown["coppice_effects_total{kind=pull_request}{outcome=written}"] == 1
    assert shown["coppice_model_calls_total{model=scripted-model}{status=done}"] >= 3
    assert shown["coppice_model_tokens_total{kind=input}{model=scripted-model}"] >= 30_000
    assert shown["coppice_model_dollars_total{model=scripted-model}"] > 0.1
    assert shown["coppice_dollars_today"] > 0.1
    assert shown["coppice_github_calls_total{status=2xx}"] > 10
    assert shown["coppice_github_rate_remaining{resource=core}"] > 0
    assert shown["coppice_deliveries_journalled_total{outcome=new}"] > 5
    assert shown["coppice_deliveries{decision=dead}"] == 0
    assert "coppice_box_level" in {name.partition("{")[0] for name in shown}


async def test_the_trace_goes_from_the_delivery_to_the_call_of_a_model(told: Told) -> None:
    spans = told.collector
    (run,) = spans.named("run")
    assert run.facts["coppice.run"] == told.run["id"]
    assert spans.above(run) == "delivery"

    mine = [span for span in spans.spans if span.trace == run.trace]
    above = {(span.name, spans.above(span)) for span in mine}

    assert ("stage implement", "run") in above
    assert ("model call", "stage implement") in above
    assert ("effect pull_request", "run") in above
    assert {span.facts["coppice.run"] for span in spans.named("model call")} == {told.run["id"]}


async def test_nobody_learns_a_repository_from_the_figures(told: Told) -> None:
    text = json.dumps(told.metrics)

    assert [word for word in (told.there.repository, "acme", "mara") if word in text] == []
