"""`kill -9` in mid-turn, and the attempt that goes on from the messages on disk."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from bot.agent.loop.transcript import FILE
from bot.agent.runtime import FinishReason, ToolStarted, Warned
from bot.scripted_model import Step
from tests.agent.loop.bench import Bench, bench, plays

pytestmark = pytest.mark.slow

MARK = "cf18e7"


def turns(seconds: int) -> tuple[Step, ...]:
    """What the agent does; each test sleeps for a time of its own, by which it is known."""
    return (
        Step(write="a.py", text="x = 1\n"),
        Step(read="a.py"),
        Step(shell=f"touch begun; test -e awake || sleep {seconds}; echo {MARK}"),
        Step(edit="a.py", old="x = 1", new="x = 2"),
    )


async def _kill_in_mid_turn(there: Bench) -> None:
    program = ("-m", "tests.agent.loop.doomed_program", str(there.root))
    process = await asyncio.create_subprocess_exec(
        sys.executable, *program, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(150):
        while not (there.tree / "begun").exists():
            await asyncio.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        await process.stdout.read()
        await process.wait()


async def test_it_goes_on_from_its_messages_and_leaves_no_process(tmp_path: Path) -> None:
    async with bench(tmp_path, plays(*turns(37), final="Done at last.")) as there:
        await _kill_in_mid_turn(there)
        survivors = await _gone("sleep\0" + "37")
        asked = len(there.model.calls)
        finished = await there.attempt(seconds=60)
        steps = [each.step for each in there.model.calls]
        results = there.results()

    assert survivors == []
    assert (finished.reason, finished.message) == (FinishReason.DONE, "Done at last.")
    assert (steps[:asked], steps[asked:]) == ([0, 1, 2], [3, 4])
    assert "the process was killed while this ran" in results[2]
    assert [each.title for each in there.of(ToolStarted)] == ["edit a.py"]
    assert there.of(Warned) == [Warned(text="goes on after 3 turns of a killed process")]
    assert (there.tree / "a.py").read_text() == "x = 2\n"


async def test_a_line_that_was_being_written_is_forgotten(tmp_path: Path) -> None:
    async with bench(tmp_path, plays(*turns(38))) as there:
        await _kill_in_mid_turn(there)
        file = tmp_path / "files" / FILE
        file.write_bytes(file.read_bytes()[:-40])
        (there.tree / "awake").touch()
        await there.attempt(seconds=60, prompt="Mend it.")
        steps = [each.step for each in there.model.calls]

    # the third answer was lost, so it is asked for again; then the command runs anew
    assert steps[:5] == [0, 1, 2, 2, 3]


async def test_the_messages_of_another_task_are_not_ours(tmp_path: Path) -> None:
    async with bench(tmp_path, plays(Step(shell="true"))) as there:
        await there.attempt(prompt="One.")
        await there.attempt(prompt="Another.")

    assert [each.step for each in there.model.calls] == [0, 1, 0, 1]
    assert there.of(Warned) == []


@pytest.mark.parametrize("trash", [b"", b"\n\n", b"{", b"\xff\xfe\n{}", b"[]\n[]\n"])
async def test_what_is_no_transcript_is_replaced(tmp_path: Path, trash: bytes) -> None:
    async with bench(tmp_path, plays(Step(shell="true"))) as there:
        (tmp_path / "files").mkdir()
        (tmp_path / "files" / FILE).write_bytes(trash)
        finished = await there.attempt()

    assert finished.reason is FinishReason.DONE


async def _gone(words: str) -> list[str]:
    """Wait for processes with these words in their command line to end; name those that stay."""
    found: list[str] = []
    for _ in range(3000):
        found = []
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = process.read_text(errors="replace")
            except OSError:
                continue
            if words in line and str(os.getpid()) not in str(process):
                found.append(line)
        if not found:
            break
        await asyncio.sleep(0.05)
    return found
