"""Agent programs and endpoints that are not what they should be, each through a whole run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.scripted_model import Fault, FaultKind, Play, Step, Usage
from tests.service.test_models import CONFIG, PLAN, PLANS, REVIEWS, RIGHT, modelled, works
from tests.service.world import Json, World

pytestmark = [pytest.mark.slow, pytest.mark.database]

PATIENT = 300.0
"""Seconds; the machine of a test may be busy."""


def programs(**argv: list[str]) -> Mapping[str, Any]:
    """Agents of the operator's own."""
    profiles = {
        name: {"protocol": "headless", "argv": words, "apis": ["chat"]}
        for name, words in argv.items()
    }
    return {"agents": ["loop", *argv], "profiles": profiles}


async def worked_by(there: World, name: str) -> Json:
    """Have an agent do the work of the first issue; the loop plans it."""
    roles = {"roles": {"implement": {"agent": name}}, "limits": {"attempts": 1}}
    await there.write_file(".github/coppice.yml", yaml.safe_dump({**CONFIG, **roles}))
    await there.label(1)
    return await there.ended(1, seconds=PATIENT)


async def test_a_program_that_is_not_there_a_login_page_and_a_silent_one(tmp_path: Path) -> None:
    page = "print('<html><title>Sign in</title>Please visit https://login.example.com to log in')"
    models = programs(
        missing=["/nowhere/agent"],
        login=["python3", "-c", page],
        silent=["python3", "-c", ""],
    )
    async with modelled(tmp_path, PLANS, REVIEWS, catalogue=models) as there:
        missing = await worked_by(there, "missing")
        ended = {}
        for name in ("login", "silent"):
            issue = await there.issue(f"Add a note by {name}")
            roles = {"roles": {"implement": {"agent": name}}, "limits": {"attempts": 1}}
            await there.write_file(".github/coppice.yml", yaml.safe_dump({**CONFIG, **roles}))
            await there.label(issue)
            ended[name] = await there.ended(issue, seconds=PATIENT)
        said = "\n".join(await there.said(1))

    assert (missing["status"], missing["error"]["class"]) == ("failed", "agent_error")
    assert "/nowhere/agent" in missing["error"]["message"] or "exit code 127" in said
    for name in ended:
        assert ended[name]["pull_request"] is None
        assert (ended[name]["status"], ended[name]["error"]["class"]) == ("failed", "no_changes")


@pytest.mark.parametrize("kind", [FaultKind.HTML, FaultKind.CUT, FaultKind.HANG])
async def test_an_endpoint_that_is_none_ends_the_run_and_is_named(
    tmp_path: Path, kind: FaultKind
) -> None:
    fault = Fault(kind=kind, times=None)
    hasty = {"endpoint": {"first_byte_seconds": 2}}
    async with modelled(tmp_path, PLANS, RIGHT, faults=[fault], catalogue=hasty) as there:
        await there.label(1)
        run = await there.ended(1, seconds=PATIENT)

    assert (run["status"], run["error"]["class"]) == ("failed", "model_down")
    assert "`local` is down" in run["error"]["message"]
    assert run["pull_request"] is None


async def test_usage_that_nobody_tells_is_estimated_and_marked(tmp_path: Path) -> None:
    silent = Usage(omit=True)
    async with modelled(tmp_path, PLANS, REVIEWS, RIGHT, usage=silent) as there:
        await there.label(1)
        run = await there.ended(1, seconds=PATIENT)
        (listed,) = await there.listed("runs", run["id"])

    assert run["status"] == "done", run["error"]
    assert all(row["estimated"] == row["calls"] for row in listed["spend"])
    assert all(row["usd"] > 0 for row in listed["spend"])


async def test_a_plan_of_files_outside_is_no_plan(tmp_path: Path) -> None:
    globs = ("../../etc/passwd", "/etc/passwd", ".git/config", "a/../../b")
    files = [{"glob": glob, "action": "change", "purpose": "x"} for glob in globs]
    won = Play(match="You plan a change", answers=({**PLAN, "files": files},))
    async with modelled(tmp_path, won, works(Step(write="NOTES.md", text="right\n"))) as there:
        await there.label(1)
        run = await there.ended(1, seconds=PATIENT)

    assert (run["status"], run["error"]["class"]) == ("failed", "bad_plan")
    assert [stage["name"] for stage in run["stages"] if stage["name"] == "implement"] == []
