"""`coppice agents`: says what is there and what to type, and lets one do a small task."""

import asyncio
import json
from pathlib import Path

import pytest

from bot.agent.registry import NAMES
from bot.cli.agents_try import SCRIPT
from bot.scripted_model import Fault, ScriptedModel
from bot.scripted_model.scenario import FaultKind
from tests.cli.shell import coppice

OWN = """
endpoints:
  here: {url: "http://127.0.0.1:9", api: chat, model: m}
profiles:
  mine: {protocol: headless, argv: [/bin/cat], apis: [chat]}
  picky: {protocol: headless, argv: [/bin/sh, -c, "echo I know no version"], apis: [chat]}
  gone: {protocol: headless, argv: [/nowhere/agent], apis: [chat]}
"""


def test_it_says_of_each_what_it_can_and_how_to_get_it(tmp_path: Path) -> None:
    done = coppice("agents", "--json", AGENTS_DIR=tmp_path)

    found = {one["name"]: one for one in json.loads(done.stdout)}
    assert (done.returncode, tuple(found)) == (0, NAMES)
    assert (found["scripted"]["ok"], found["loop"]["ok"]) == (True, True)
    assert found["codex"] == {
        "name": "codex",
        "ok": False,
        "version": None,
        "detail": "@agentclientprotocol/codex-acp is not installed",
        "mend": 'make agents AGENTS="codex"',
        "asks_permission": "some",
        "reports_plan": True,
        "reports_usage": True,
        "resumes": False,
        "apis": ["responses"],
    }


def test_the_table_for_people_ends_with_what_to_type(tmp_path: Path) -> None:
    done = coppice("agents", AGENTS_DIR=tmp_path)

    assert 'opencode: opencode-linux-x64 is not installed; type: make agents AGENTS="opencode"' in (
        done.stdout.splitlines()
    )


def test_the_operators_own_are_among_them(tmp_path: Path) -> None:
    models = tmp_path / "models.yml"
    models.write_text(OWN)

    done = coppice("agents", "--json", AGENTS_DIR=tmp_path, MODELS_FILE=models)

    mine, picky, gone = json.loads(done.stdout)[-3:]
    assert (mine["name"], mine["ok"], mine["detail"]) == ("mine", True, "in the box")
    assert (picky["ok"], picky["detail"]) == (True, "in the box")
    assert (gone["ok"], "it does not start in this box" in gone["detail"]) == (False, True)


def test_the_loop_does_its_task_with_a_model_that_is_none(tmp_path: Path) -> None:
    done = coppice("agents", "try", "loop", "--json", AGENTS_DIR=tmp_path)

    tried = json.loads(done.stdout)
    assert done.returncode == 0
    assert (tried["ok"], tried["scripted"], tried["reason"]) == (True, True, "done")
    assert tried["files"] == ["greeting.py", "test_greeting.py"]
    assert tried["spend"]["calls"] == 4


async def test_what_a_try_waits_for_is_said(tmp_path: Path) -> None:
    busy = Fault(kind=FaultKind.STATUS, status=429, retry_after="1")
    scenario = SCRIPT.model_copy(update={"faults": (busy,)})

    async with ScriptedModel(scenario) as model:
        settings = {"MODEL_URL": f"{model.url}/v1", "MODEL": "m", "AGENTS_DIR": tmp_path}
        done = await asyncio.to_thread(coppice, "agents", "try", "loop", **settings)

    assert "waits for the model: 429, 1 s" in done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize("fallback", [False, True])
def test_an_endpoint_that_is_down_is_said_before_anything_is_waited_for(
    tmp_path: Path, fallback: bool
) -> None:
    port = 1  # nothing listens there; a port that was free a moment ago may be another test's
    url = f"http://127.0.0.1:{port}"
    one = {"url": url, "api": "chat", "model": "m"}
    endpoints = {"one": {**one, "fallback": "two"}, "two": one} if fallback else {"one": one}
    models = tmp_path / "models.yml"
    models.write_text(json.dumps({"endpoints": endpoints}))

    done = coppice("agents", "try", "loop", AGENTS_DIR=tmp_path, MODELS_FILE=models)

    assert (done.returncode, done.stdout) == (2, "")
    assert f"`one` (127.0.0.1:{port}): connection refused" in done.stderr
    assert "Start it, or correct its address" in done.stderr


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("try",), "which agent? Type: coppice agents try NAME"),
        (("try", "devin"), "there is no agent devin; known: loop, codex"),
        (("try", "scripted"), "scripted works by scripts and not by tasks; see `coppice demo`"),
        (("try", "codex"), 'not installed. Type: make agents AGENTS="codex"'),
    ],
)
def test_what_cannot_be_tried_is_named(
    tmp_path: Path, words: tuple[str, ...], problem: str
) -> None:
    done = coppice("agents", *words, AGENTS_DIR=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert problem in done.stderr
