"""Runs with a real agent of ours and a scripted model behind the gateway."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.scripted_model import Fault, FaultKind, Play, Scenario, ScriptedModel, Step, Usage
from tests.midnight import keep_clear
from tests.service.world import World, world

pytestmark = pytest.mark.database

CONFIG: dict[str, Any] = {
    "verify": {"test": "grep -q right NOTES.md || { echo FAILED tests/a.py::b - wrong; exit 1; }"},
    "gate": "never",
}
PLAN: dict[str, Any] = {
    "summary": "A note is missing.",
    "steps": [
        {"description": "Write it.", "check": {"command": "test -f NOTES.md", "expected": "0"}}
    ],
    "files": [{"glob": "NOTES.md", "action": "add", "purpose": "the note"}],
}
PLANS = Play(match="You plan a change", answers=(PLAN,))
REVIEWS = Play(match="You review a change", answers=({"findings": []},))
FIVE_CENTS = Usage(input=10_000, cached=0, output=0)


def works(*steps: Step, match: str = "You change files") -> Play:
    return Play(match=match, steps=steps)


RIGHT = works(Step(write="NOTES.md", text="right\n"))


@asynccontextmanager
async def modelled(
    folder: Path,
    *plays: Play,
    faults: Sequence[Fault] = (),
    usage: Usage | None = None,
    key: Path | None = None,
    catalogue: Mapping[str, Any] | None = None,
    **more: str,
) -> AsyncIterator[World]:
    """A forge and a service whose agent is `loop`, on a model that plays what a test says.

    ``catalogue`` is more of the models file; what it says under `endpoint` goes to both endpoints,
    what it says under `local` to the first.
    """
    given = dict(catalogue or {})
    scenario = Scenario(plays=plays, faults=tuple(faults), usage=usage or Usage())
    async with ScriptedModel(scenario) as model:
        models = folder / "models.yml"
        endpoint = {
            "url": f"{model.url}/v1",
            "api": "chat",
            "model": "scripted-model",
            "price": {"input": 5.0, "output": 5.0},
            "max_output": 256,
            **given.pop("endpoint", {}),
        }
        if key is not None:
            endpoint["key_file"] = str(key)
        strong = {**endpoint, "model": "strong-model"}
        endpoints = {"local": {**endpoint, **given.pop("local", {})}, "strong": strong}
        models.write_text(yaml.safe_dump({"endpoints": endpoints, **given}))
        settings = {"COPPICE_AGENT": "", "COPPICE_MODELS_FILE": str(models), **more}
        async with world(folder, forked=True, **settings) as there:
            await there.write_file(".github/coppice.yml", yaml.safe_dump(CONFIG))
            yield there


async def events(there: World, run: Any, kind: str) -> list[Any]:
    import json

    lines = (await there.output("runs", run["id"], "--events", "--json")).splitlines()
    return [event["data"] for line in lines if (event := json.loads(line))["type"] == kind]


async def test_an_issue_becomes_a_pull_request_by_plan_work_and_review(tmp_path: Path) -> None:
    async with modelled(tmp_path, PLANS, REVIEWS, RIGHT) as there:
        await there.label(1)
        run = await there.ended(1)

        assert run["status"] == "done", run["error"]
        assert (run["agent"], run["stages"][2]["name"]) == ("loop", "plan")
        assert [stage["status"] for stage in run["stages"] if stage["name"] == "plan"] == ["passed"]
        assert [stage["status"] for stage in run["stages"] if stage["name"] == "review"] == [
            "passed"
        ]
        spent = await events(there, run, "spent")
        assert [each["role"] for each in spent] == ["plan", "implement", "review"]


async def test_each_attempt_takes_its_own_model_on_one_budget(tmp_path: Path) -> None:
    wrong = works(
        Step(write="NOTES.md", text="wrong\n"), match="(?s)You change files(?!.*sent back)"
    )
    async with modelled(tmp_path, PLANS, REVIEWS, wrong, RIGHT) as there:
        roles = {"roles": {"implement": ["local", "strong"]}}
        await there.write_file(".github/coppice.yml", yaml.safe_dump({**CONFIG, **roles}))
        await there.label(1)
        run = await there.ended(1)

        assert run["status"] == "done", run["error"]
        assert [s["status"] for s in run["stages"] if s["name"] == "verify"] == ["failed", "passed"]
        (listed,) = await there.listed("runs", run["id"])
        assert [(row["role"], row["model"]) for row in listed["spend"]] == [
            ("plan", "scripted-model"),
            ("implement", "scripted-model"),
            ("implement", "strong-model"),
            ("review", "scripted-model"),
        ]
        assert (
            "Implement: `strong-model`, "
            in (await there.repo("GET", f"/pulls/{run['pull_request']}"))["body"]
        )


async def test_a_role_that_a_script_plays_is_told_wherever_people_look(tmp_path: Path) -> None:
    catalogue = {"agents": ["scripted"]}
    async with modelled(tmp_path, PLANS, RIGHT, catalogue=catalogue) as there:
        there.script(1, [], review=[{"findings": []}])
        roles = {"roles": {"review": {"agent": "scripted"}}}
        await there.write_file(".github/coppice.yml", yaml.safe_dump({**CONFIG, **roles}))
        await there.label(1)
        run = await there.ended(1)

        assert run["status"] == "done", run["error"]
        pull = await there.repo("GET", f"/pulls/{run['pull_request']}")
        checks = await there.checks(pull["head"]["sha"])
        said = "review: `scripted`, SCRIPTED: no model."
        assert "Agent: `loop`; " + said.removesuffix(".") in pull["body"]
        assert said in (await there.said(1))[0]
        assert "SCRIPTED: no model" in checks["Coppice / review"]["output"]["summary"]
        assert "Coppice-Agent: loop\n" in await _message(there, pull["head"]["sha"])


async def _message(there: World, sha: str) -> str:
    return str((await there.repo("GET", f"/commits/{sha}"))["commit"]["message"])


async def test_a_budget_ends_a_run_in_mid_attempt_and_a_retry_goes_on(tmp_path: Path) -> None:
    steps = [Step(write="NOTES.md", text="half\n"), *[Step(read="README.md")] * 9]
    work = works(*steps, Step(write="NOTES.md", text="right\n"))
    async with modelled(
        tmp_path, PLANS, REVIEWS, work, usage=FIVE_CENTS, COPPICE_BUDGET_RUN="0.30usd"
    ) as there:
        await there.label(1)
        run = await there.ended(1)

        assert (run["status"], run["error"]["class"]) == ("blocked", "budget")
        assert run["error"]["message"].startswith("budget reached: $0.")
        assert "+half" in await there.output("patch", run["id"])
        assert len(await events(there, run, "budget_warning")) == 1

        await there.comment(1, "/coppice retry budget=2usd")
        rows = await there.until(lambda rows: rows[0]["status"] == "done")
        assert rows[0]["id"] == run["id"]


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("PERSON_DAY", "today's budget of marta, which begins anew at 00:00 UTC"),
        ("REPOSITORY_DAY", "today's budget of acme/greenhouse, which begins anew at 00:00 UTC"),
        ("MONTH", "this month's budget, which begins anew on "),
    ],
)
async def test_a_budget_of_the_operators_ends_runs_until_it_begins_anew(
    tmp_path: Path, setting: str, named: str
) -> None:
    keep_clear(300)
    limit: dict[str, Any] = {f"COPPICE_BUDGET_{setting}": "0.12usd"}
    async with modelled(tmp_path, PLANS, REVIEWS, RIGHT, usage=FIVE_CENTS, **limit) as there:
        await there.label(1)
        run = await there.ended(1)
        first = await there.comment_that(1, lambda body: "coppice:ended-" in body)
        said = (await there.said(1))[0]
        await there.comment(1, "/coppice retry budget=5usd")
        await there.comment_that(1, lambda b: "coppice:ended-" in b and b != first["body"])
        again = await there.ended(1)

        assert (run["status"], run["error"]["class"]) == ("blocked", "budget")
        assert run["error"]["message"].startswith(f"budget reached ({named}")
        assert "once that budget begins anew" in said
        assert (again["status"], again["error"]) == (run["status"], run["error"])

        await there.earlier(32 * 86_400)
        await there.comment(1, "/coppice retry")
        await there.until(lambda rows: rows[0]["status"] == "done")


async def test_a_refused_key_ends_at_once(tmp_path: Path) -> None:
    fault = Fault(kind=FaultKind.STATUS, status=401, times=None)
    async with modelled(tmp_path, PLANS, RIGHT, faults=[fault]) as there:
        await there.label(1)
        run = await there.ended(1, seconds=150)

        assert (run["status"], run["error"]["class"]) == ("blocked", "model_key")
        assert "the model key is refused" in run["error"]["message"]


async def test_while_an_endpoint_is_down_another_takes_over_and_it_costs_no_attempt(
    tmp_path: Path,
) -> None:
    page = Scenario(plays=(RIGHT,), faults=(Fault(kind=FaultKind.HTML, times=None),))
    async with ScriptedModel(page) as broken:
        local = {"url": f"{broken.url}/v1", "fallback": "strong", "parallel": 1}
        catalogue = {"local": local}
        async with modelled(tmp_path, PLANS, REVIEWS, RIGHT, catalogue=catalogue) as there:
            await there.label(1)
            run = await there.ended(1)

            assert run["status"] == "done", run["error"]
            assert [s["attempt"] for s in run["stages"] if s["name"] == "implement"] == [1]
            told = [each["text"] for each in await events(there, run, "waiting")]
            (listed,) = await there.listed("runs", run["id"])

    assert any(t.startswith("`local` is down (") and "goes on with `strong`" in t for t in told)
    assert {(row["role"], row["model"]) for row in listed["spend"] if row["usd"]} >= {
        ("plan", "strong-model"),
        ("implement", "strong-model"),
    }


async def test_a_rate_limit_costs_no_attempt(tmp_path: Path) -> None:
    fault = Fault(kind=FaultKind.STATUS, status=429, retry_after="1", after=2, times=2)
    async with modelled(tmp_path, PLANS, REVIEWS, RIGHT, faults=[fault]) as there:
        await there.label(1)
        run = await there.ended(1)

        assert run["status"] == "done", run["error"]
        assert len([s for s in run["stages"] if s["name"] == "implement"]) == 1
        assert any("429" in each["text"] for each in await events(there, run, "waiting"))
        assert max(each["waited"] for each in await events(there, run, "spent")) >= 1
