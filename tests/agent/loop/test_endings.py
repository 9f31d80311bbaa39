"""Every way in which an attempt can end, and models that misbehave."""

import asyncio
import os
import time
from contextlib import aclosing
from pathlib import Path

import pytest

from bot.agent import AgentContext
from bot.agent.loop import LoopRuntime
from bot.agent.runtime import (
    Api,
    FinishReason,
    PermissionAsked,
    PermissionDecided,
    Refusal,
    ToolFinished,
    ToolStarted,
    Warned,
)
from bot.box import probe
from bot.errors import StageFailed
from bot.scripted_model import Fault, FaultKind, Play, Scenario, Step
from tests.agent.loop.bench import bench, plays, task
from tests.worktree.hub import processes_with

pytestmark = pytest.mark.slow


async def test_time_runs_out_in_a_command(tmp_path: Path) -> None:
    async with bench(tmp_path, plays(Step(shell="sleep 60"))) as there:
        finished = await there.attempt(seconds=8)

    assert (finished.reason, finished.message) == (FinishReason.LIMIT, "time limit of 8 s")
    assert there.of(ToolFinished)[0].detail.startswith("[time limit of")


async def test_time_runs_out_while_the_model_thinks(tmp_path: Path) -> None:
    scenario = plays(Step(shell="true")).model_copy(
        update={"faults": (Fault(kind=FaultKind.HANG),)}
    )
    async with bench(tmp_path, scenario) as there:
        began = time.monotonic()
        finished = await there.attempt(seconds=3)

    assert finished.reason is FinishReason.LIMIT
    assert time.monotonic() - began < 30


async def test_the_gateway_has_the_last_word(tmp_path: Path) -> None:
    """The budget ends in mid-attempt: the next call is refused, and that is what is told."""
    fault = Fault(kind=FaultKind.STATUS, status=402, after=1, times=None, message="no money")
    scenario = plays(Step(shell="touch done")).model_copy(update={"faults": (fault,)})
    async with bench(tmp_path, scenario) as there:
        refusal = Refusal(kind="budget", message="budget reached: $2.00 of $2.00 used")
        runtime = LoopRuntime()
        async with aclosing(runtime.run(task(), there.context(await probe("auto")))) as events:
            async for event in events:
                there.events.append(event)
                if isinstance(event, ToolFinished):
                    there.socket.refusal = refusal

    finished = there.end
    assert (finished.reason, finished.kind) == (FinishReason.LIMIT, "budget")
    assert finished.message == refusal.message
    assert (there.tree / "done").exists()
    assert len(there.model.calls) == 1


@pytest.mark.parametrize("api", list(Api))
async def test_a_refused_key_ends_it_at_once(tmp_path: Path, api: Api) -> None:
    scenario = plays(Step(shell="true")).model_copy(update={"key": "another"})
    async with bench(tmp_path, scenario, api=api) as there:
        finished = await there.attempt()

    assert (finished.reason, finished.kind) == (FinishReason.ERROR, "model_error")
    assert "Incorrect API key" in finished.message
    assert len(there.model.calls) == 1


@pytest.mark.parametrize("api", list(Api))
@pytest.mark.parametrize("kind", [FaultKind.CUT, FaultKind.HTML, FaultKind.STATUS])
async def test_a_broken_answer_is_asked_for_again(
    tmp_path: Path, api: Api, kind: FaultKind
) -> None:
    fault = Fault(kind=kind, status=503, message="overloaded")
    scenario = plays(Step(shell="true"), final="Fine.").model_copy(update={"faults": (fault,)})
    async with bench(tmp_path, scenario, api=api) as there:
        finished = await there.attempt()

    assert (finished.reason, finished.message) == (FinishReason.DONE, "Fine.")
    assert len(there.model.calls) == 3
    assert [each.text.startswith("no answer, asking again") for each in there.of(Warned)] == [True]


@pytest.mark.parametrize("api", [Api.CHAT, Api.MESSAGES])
async def test_broken_answers_without_end_are_an_error(tmp_path: Path, api: Api) -> None:
    fault = Fault(kind=FaultKind.HTML, times=None)
    scenario = plays(Step(shell="true")).model_copy(update={"faults": (fault,)})
    async with bench(tmp_path, scenario, api=api) as there:
        finished = await there.attempt()

    assert (finished.reason, finished.kind) == (FinishReason.ERROR, "model_error")
    assert finished.message.startswith("the model gives no answer: ")
    assert len(there.model.calls) == 3


async def test_a_gateway_that_is_gone_is_an_error(tmp_path: Path) -> None:
    async with bench(tmp_path, plays()) as there:
        there.socket.path = tmp_path / "none.sock"
        finished = await there.attempt()

    assert (finished.reason, finished.kind) == (FinishReason.ERROR, "model_error")


async def test_unknown_tools_and_broken_arguments_are_told_to_the_model(tmp_path: Path) -> None:
    async with bench(
        tmp_path, plays(Step(read="none.py"), Step(edit="x", old="a", new="b"))
    ) as there:
        finished = await there.attempt()

    assert finished.reason is FinishReason.DONE
    assert [each.ok for each in there.of(ToolFinished)] == [False, False]
    assert [each.detail for each in there.of(ToolFinished)] == [
        "there is no none.py",
        "there is no x",
    ]


async def test_tools_that_are_not_there_are_told_to_the_model(tmp_path: Path) -> None:
    steps = (Step(call="browse", arguments={}), Step(call="read", arguments={"file": 7}))
    async with bench(tmp_path, plays(*steps)) as there:
        finished = await there.attempt()

    assert finished.reason is FinishReason.DONE
    first, second = (each.detail for each in there.of(ToolFinished))
    assert first.startswith("there is no tool `browse`; there is: read, write, edit, run")
    assert second.startswith("the arguments do not fit: path: Field required")


async def test_leaving_in_mid_command_kills_it(tmp_path: Path) -> None:
    nap = f"sleep 41.{os.getpid():07}"  # nobody else's on this machine
    async with bench(tmp_path, plays(Step(shell=f"touch begun; {nap}"))) as there:
        context = there.context(await probe("auto"))
        working = asyncio.create_task(_drain(context))
        async with asyncio.timeout(150):
            while not (there.tree / "begun").exists():
                await asyncio.sleep(0.05)
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working

    assert processes_with(nap) == []


async def _drain(context: AgentContext) -> None:
    async with aclosing(LoopRuntime().run(task(), context)) as events:
        async for _ in events:
            pass


async def test_a_dangerous_command_is_refused_and_the_model_goes_on(tmp_path: Path) -> None:
    steps = (Step(shell="rm -rf /", expect="Refused: "), Step(shell="echo fine > done"))
    async with bench(tmp_path, plays(*steps)) as there:
        finished = await there.attempt()

    assert finished.reason is FinishReason.DONE
    assert [each.command for each in there.of(PermissionAsked)] == ["rm -rf /"]
    assert [each.allowed for each in there.of(PermissionDecided)] == [False]
    assert [each.ok for each in there.of(ToolFinished)] == [False, True]
    assert (there.tree / "done").read_text() == "fine\n"


async def test_without_a_model_there_is_no_attempt(tmp_path: Path) -> None:
    context = AgentContext(
        box=await probe("auto"), mounts=(), log=tmp_path / "log", files=tmp_path / "files"
    )
    with pytest.raises(StageFailed, match="needs a model"):
        await _drain(context)


async def test_two_files_at_once_are_written_in_order(tmp_path: Path) -> None:
    scenario = Scenario(plays=(Play(steps=(Step(write="a", text="1"), Step(write="a", text="2"))),))
    async with bench(tmp_path, scenario) as there:
        await there.attempt()

    assert (there.tree / "a").read_text() == "2"
    assert [each.id for each in there.of(ToolStarted)] == ["call_0", "call_1"]
