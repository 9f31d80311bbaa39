"""Whole runs in a box of level 2: where no namespaces are to be had, with verdicts in it too."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.scripted_model import Step
from tests.service.test_models import PLANS, REVIEWS, modelled, works
from tests.service.world import Json, World, world

pytestmark = [pytest.mark.slow, pytest.mark.database]

LANDLOCK: dict[str, Any] = {"COPPICE_BOX": "landlock"}
LOOK = (
    "test ! -e .git && git log -1 --format=%s && grep -q right NOTES.md"
    " && ! touch /etc/owned && ! ls /root"
    " && ! python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 22), 2)'"
)
CONFIG: dict[str, Any] = {"verify": {"test": LOOK}, "gate": "never"}


async def require_delivered(there: World, run: Json) -> None:
    """The pull request is there, says the level, and its commands passed in the box."""
    assert run["status"] == "done", run["error"]
    pull = await there.repo("GET", f"/pulls/{run['pull_request']}")
    checks = await there.checks(pull["head"]["sha"])
    assert pull["draft"]
    assert "Box: landlock" in pull["body"]
    assert checks["Coppice / verify"]["conclusion"] == "success"
    assert "+right" in await there.output("patch", run["id"])


async def test_the_scripted_agent_works_in_it(tmp_path: Path) -> None:
    async with world(tmp_path, **LANDLOCK) as there:
        await there.write_file(".github/coppice.yml", yaml.safe_dump(CONFIG))
        there.script(1, [{"run": "echo right > NOTES.md; ! touch /etc/owned"}])
        await there.label(1)

        await require_delivered(there, await there.ended(1, seconds=300))


async def test_the_loop_works_in_it(tmp_path: Path) -> None:
    """Its tools on the host, and its commands, in the one worktree."""
    work = works(
        Step(write="NOTES.md", text="wrong\n"),
        Step(edit="NOTES.md", old="wrong", new="right"),
        Step(shell=LOOK, expect="exit code 0|^$|."),
        Step(shell="cat /proc/1/environ /root/.bashrc; echo ended $?", expect="ended 1"),
    )
    async with modelled(tmp_path, PLANS, REVIEWS, work, **LANDLOCK) as there:
        await there.write_file(".github/coppice.yml", yaml.safe_dump(CONFIG))
        await there.label(1)

        await require_delivered(there, await there.ended(1, seconds=300))


async def test_a_second_attempt_goes_on_in_it(tmp_path: Path) -> None:
    async with world(tmp_path, **LANDLOCK) as there:
        await there.write_file(".github/coppice.yml", yaml.safe_dump(CONFIG))
        there.script(
            1, [{"write": "NOTES.md", "text": "left\n"}], [{"run": "echo right > NOTES.md"}]
        )
        await there.label(1)
        run = await there.ended(1, seconds=300)

        await require_delivered(there, run)
        assert [s["attempt"] for s in run["stages"] if s["name"] == "verify"] == [1, 2]
