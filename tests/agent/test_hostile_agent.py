"""What runs in the box may say and try anything: it comes out as one clear end."""

import json

import pytest

from bot.agent import Finished, FinishReason, ToolFinished
from tests.agent.attempts import Desk

TO_HOST = "/proc/$PPID/fd/1"


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ({"write": "../x", "text": "x"}, "Read-only file system"),
        ({"write": "/etc/passwd", "text": "x"}, "Read-only file system"),
        ({"write": "/usr/x", "text": "x"}, "Read-only file system"),
        ({"delete": "/etc/passwd"}, ""),
        ({"link": "../x", "to": "/etc/passwd"}, "Read-only file system"),
        ({"write": "a\0b", "text": "x"}, "null byte"),
    ],
)
async def test_what_the_box_refuses_ends_the_attempt(
    desk: Desk, step: dict[str, str], why: str
) -> None:
    desk.script([step, {"write": "later", "text": "x"}])

    *_, finished, end = await desk.attempt()

    assert isinstance(finished, ToolFinished)
    assert isinstance(end, Finished)
    assert (finished.ok, end.reason) == (False, FinishReason.ERROR)
    assert why in end.message
    assert not (desk.tree / "later").exists()
    assert not (desk.root / "x").exists()


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "{}",
        '{"type": "end"}',
        '{"type": "end", "ok": "yes", "message": ""}',
        '{"type": "end", "ok": true, "message": "", "more": 1}',
        '{"type": "merge"}',
        '["end"]',
        "\\377\\376",
        "",
    ],
)
async def test_a_line_of_another_shape_is_an_error(desk: Desk, line: str) -> None:
    desk.script([{"run": f"printf '{line}\\n' > {TO_HOST}; sleep 100"}])

    end = await desk.end()

    assert end.reason == FinishReason.ERROR
    assert end.message.startswith("the agent told something else")


async def test_a_line_without_end_is_an_error(desk: Desk) -> None:
    desk.script([{"run": f"head -c 9M /dev/zero > {TO_HOST}; sleep 100"}])

    end = await desk.end()

    assert end.reason == FinishReason.ERROR
    assert end.message == "the agent told something else: a line without end"


async def test_a_flood_of_events_comes_to_an_end(desk: Desk) -> None:
    event = json.dumps({"type": "tool_started", "title": "x" * 500})
    desk.script([{"run": f"yes '{event}' > {TO_HOST}"}])

    end = await desk.end()

    assert end.reason == FinishReason.LIMIT
    assert end.message == "it told more than 4 MB of events"


async def test_a_flood_of_words_is_stopped_at_the_limit_of_the_log(desk: Desk) -> None:
    desk.script([{"run": "yes"}])

    end = await desk.end()

    assert end == Finished(reason=FinishReason.LIMIT, message="output limit of 64 MB")
    assert desk.log.stat().st_size == 64 * 2**20


async def test_an_agent_that_kills_itself_is_an_error(desk: Desk) -> None:
    desk.script([{"run": "kill -9 $PPID"}])

    end = await desk.end()

    assert end.reason == FinishReason.ERROR
    assert end.message == "the agent ended with exit code 137 before it was done"


async def test_an_agent_that_closes_its_mouth_is_killed_at_its_limit(desk: Desk) -> None:
    desk.script([{"run": "kill -STOP $PPID"}])

    assert (await desk.end(seconds=0.5)).reason == FinishReason.LIMIT


async def test_long_words_are_cut(desk: Desk) -> None:
    desk.script([{"say": "x" * 100_000}])

    _, message, end = await desk.attempt()

    assert len(getattr(message, "text", "")) == 4000
    assert end == Finished(reason=FinishReason.DONE)
