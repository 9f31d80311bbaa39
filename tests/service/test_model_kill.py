"""Killed in mid-turn, a run with a model goes on from its last checkpoint, and leaves nothing."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from bot.scripted_model import Fault, FaultKind, Step
from tests import postgres
from tests.service.test_models import PLAN, PLANS, REVIEWS, modelled, works
from tests.service.workers import Workers
from tests.service.world import PATIENCE, World

pytestmark = [pytest.mark.slow, pytest.mark.database]

STAMPED = PLANS.model_copy(
    update={
        "answers": (
            {
                **PLAN,
                "files": [
                    *PLAN["files"],
                    {"glob": "STAMP.md", "action": "add", "purpose": "when"},
                ],
            },
        )
    }
)
STAMP = Step(shell="date +%s%N > STAMP.md")
NAPS = [f"sleep 9753{n}.{os.getpid():07}" for n in (1, 2)]
"""Nobody else on this machine runs these at the same time."""


async def until_kept(there: World, run_id: str) -> str:
    """Wait until there is a checkpoint; answer the patch."""
    async with asyncio.timeout(PATIENCE):
        while "STAMP.md" not in (patch := await there.output("patch", run_id)):
            await asyncio.sleep(0.2)
    return patch


def processes() -> str:
    return subprocess.run(["ps", "axo", "args"], capture_output=True, text=True, check=True).stdout


async def test_no_checkpointed_work_is_lost_and_the_conversation_goes_on(tmp_path: Path) -> None:
    # Three calls go well: the plan, the stamp, and the one that is answered by the hang.
    hang = Fault(kind=FaultKind.HANG, after=2, times=1)
    work = works(STAMP, Step(write="NOTES.md", text="right\n"))
    async with modelled(tmp_path, STAMPED, REVIEWS, work, faults=[hang]) as there:
        await there.label(1)
        run = await there.at(1, "implement")
        before = await until_kept(there, run["id"])

        await there.kill()
        await there.serve()
        run = await there.ended(1)

        assert run["status"] == "done", run["error"]
        (stamp,) = [line for line in before.splitlines() if line.startswith("+1")]
        assert stamp in (await there.output("patch", run["id"])).splitlines()
        assert len([s for s in run["stages"] if s["name"] == "implement"]) == 1


async def test_a_killed_attempt_goes_on_on_another_machine_from_its_checkpoint(
    tmp_path: Path,
) -> None:
    hang = Fault(kind=FaultKind.HANG, after=2, times=1)
    work = works(STAMP, Step(write="NOTES.md", text="right\n"))
    url = postgres.shared().fresh(engine=True)
    async with modelled(
        tmp_path,
        STAMPED,
        REVIEWS,
        work,
        faults=[hang],
        COPPICE_DATABASE_URL=url,
        COPPICE_WORKER="a",
    ) as there:
        await there.label(1)
        run = await there.at(1, "implement")
        before = await until_kept(there, run["id"])
        crew = Workers(there)
        await crew.join("b")
        try:
            await there.kill()
            run = await there.ended(1)
        finally:
            await crew.others["b"].kill()

        assert run["status"] == "done", run["error"]
        (stamp,) = [line for line in before.splitlines() if line.startswith("+1")]
        assert stamp in (await there.output("patch", run["id"])).splitlines()
        assert len([s for s in run["stages"] if s["name"] == "implement"]) == 1


async def test_no_process_outlives_the_service(tmp_path: Path) -> None:
    work = works(STAMP, Step(shell=f"setsid {NAPS[0]} & {NAPS[1]}"))
    async with modelled(tmp_path, STAMPED, work) as there:
        await there.label(1)
        await there.at(1, "implement")
        async with asyncio.timeout(PATIENCE):
            while NAPS[1] not in processes():
                await asyncio.sleep(0.1)

        await there.kill()

        async with asyncio.timeout(PATIENCE):
            while [each for each in NAPS if each in processes()]:
                await asyncio.sleep(0.05)
