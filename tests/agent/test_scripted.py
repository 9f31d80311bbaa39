"""The scripted agent does what its script says, in the box, and tells how it went."""

import asyncio
import contextlib

import pytest

from bot.agent import Finished, FinishReason, Message, Started, ToolFinished, ToolStarted, runtime
from tests.agent.attempts import Desk
from tests.box.boxed import appears, beats

PATCH = """\
diff --git a/greet.py b/greet.py
--- a/greet.py
+++ b/greet.py
@@ -1 +1 @@
-print("helo")
+print("hello")
"""


async def test_its_steps_are_done_and_told_in_order(desk: Desk) -> None:
    desk.script([{"say": "I will."}, {"write": "src/a.py", "text": "x = 1\n"}])

    events = await desk.attempt()

    assert events == [
        Started(),
        Message(text="I will."),
        ToolStarted(title="write src/a.py"),
        ToolFinished(title="write src/a.py", ok=True),
        Finished(reason=FinishReason.DONE),
    ]
    assert (desk.tree / "src/a.py").read_text() == "x = 1\n"


async def test_each_attempt_has_its_steps_and_the_last_repeats(desk: Desk) -> None:
    desk.script([{"write": "n", "text": "one"}], [{"write": "n", "text": "two"}])

    seen = []
    for number in (1, 2, 3, 9):
        await desk.attempt(number)
        seen.append((desk.tree / "n").read_text())

    assert seen == ["one", "two", "two", "two"]


async def test_an_attempt_may_do_nothing(desk: Desk) -> None:
    desk.script([])

    assert await desk.attempt() == [Started(), Finished(reason=FinishReason.DONE)]


@pytest.mark.parametrize("box", ["auto", "none"])
async def test_a_patch_is_applied(desk: Desk, box: str) -> None:
    desk = Desk(root=desk.root, box=box)
    desk.script([{"diff": "fix.diff"}])
    (desk.root / "scripts/fix.diff").write_text(PATCH)
    desk.tree.mkdir()
    (desk.tree / "greet.py").write_text('print("helo")\n')

    assert (await desk.end()).reason == FinishReason.DONE

    assert (desk.tree / "greet.py").read_text() == 'print("hello")\n'


async def test_a_patch_that_does_not_apply_ends_the_attempt(desk: Desk) -> None:
    desk.script([{"diff": "fix.diff"}, {"write": "later", "text": "x"}])
    (desk.root / "scripts/fix.diff").write_text(PATCH)

    *_, finished, end = await desk.attempt()

    assert isinstance(finished, ToolFinished)
    assert not finished.ok
    assert finished.detail.startswith("the patch does not apply: error: greet.py")
    assert isinstance(end, Finished)
    assert (end.reason, end.message) == (FinishReason.ERROR, f"diff fix.diff: {finished.detail}")
    assert not (desk.tree / "later").exists()


async def test_links_and_deletions_are_made(desk: Desk) -> None:
    desk.tree.mkdir()
    (desk.tree / "old").mkdir()
    (desk.tree / "old/file").write_text("x")
    desk.script([{"delete": "old"}, {"link": "a/passwd", "to": "/etc/passwd"}])

    assert (await desk.end()).reason == FinishReason.DONE

    assert not (desk.tree / "old").exists()
    assert str((desk.tree / "a/passwd").readlink()) == "/etc/passwd"


async def test_a_failing_command_is_told_and_the_attempt_goes_on(desk: Desk) -> None:
    desk.script([{"run": "echo words; exit 3"}, {"write": "later", "text": "x"}])

    events = await desk.attempt()

    title = "run echo words; exit 3"
    assert ToolFinished(title=title, ok=False, detail="exit code 3") in events
    assert events[-1] == Finished(reason=FinishReason.DONE)
    assert desk.log.read_text() == "words\n"
    assert (desk.tree / "later").exists()


async def test_an_agent_that_hangs_is_killed_at_its_limit(desk: Desk) -> None:
    desk.script([{"run": "while :; do printf x >> beat; sleep 0.02; done &"}, {"hang": 100}])

    end = await desk.end(seconds=3)

    assert end == Finished(reason=FinishReason.LIMIT, message="time limit of 3 s")
    assert not await beats(desk.tree / "beat")


async def test_cancelling_the_attempt_kills_the_agent(desk: Desk) -> None:
    desk.script([{"run": "while :; do printf x >> beat; sleep 0.02; done"}])
    task = asyncio.ensure_future(desk.attempt())
    await appears(desk.tree / "beat")

    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task

    assert not await beats(desk.tree / "beat")


async def test_a_daemon_of_a_command_does_not_hold_the_attempt(desk: Desk) -> None:
    desk.script([{"run": "setsid sleep 100 &"}])

    assert (await desk.end(seconds=90)).reason == FinishReason.DONE


def test_it_is_no_model_and_begins_each_attempt_at_the_base(desk: Desk) -> None:
    agent = runtime("scripted", scripts=desk.root)

    assert (agent.name, agent.label) == ("scripted", "SCRIPTED: no model")
    assert agent.fresh
