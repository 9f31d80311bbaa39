"""An agent may do anything: each way comes to one clear end, and nothing of it goes on."""

import asyncio
import time
from pathlib import Path

import pytest

from bot.agent.acp.conversation import MOST_TURNS
from bot.agent.runtime import (
    Finished,
    FinishReason,
    Message,
    PermissionDecided,
    Refusal,
)
from tests.agent.acp.test_conversations import stage

ERROR, LIMIT = FinishReason.ERROR, FinishReason.LIMIT


@pytest.mark.parametrize(
    ("how", "reason", "message"),
    [
        ("garbage", ERROR, "the agent told something else: Please log in at example.com"),
        ("login_page", ERROR, "the agent told something else: Opening your browser to sign in…"),
        ("not_rpc", ERROR, "the agent told something else: {"),
        ("endless_line", ERROR, "the agent told something else: a line without end"),
        ("dies", ERROR, "the agent ended with exit code 7 before it was done"),
        ("dies_at_once", ERROR, "the agent ended with exit code 3 before it was done"),
        ("no_session", ERROR, "the agent began a session without a name"),
        ("error", ERROR, "the agent refused `session/prompt`: out of luck ({'why': 'rain'})"),
        ("flood_of_words", LIMIT, "it told more than 128 MB or 250,000 lines"),
        ("flood_of_updates", LIMIT, "it told more than 128 MB or 250,000 lines"),
        ("flood_of_errors", LIMIT, "output limit of 64 MB"),
    ],
)
async def test_it_comes_to_an_end(
    tmp_path: Path, how: str, reason: FinishReason, message: str
) -> None:
    end = await stage(tmp_path, how).play(seconds=60)

    assert end.reason == reason
    assert end.message.startswith(message)


@pytest.mark.parametrize("how", ["silent", "silent_from_the_start", "deaf", "closes_its_mouth"])
async def test_time_is_up_for_who_says_nothing_or_does_not_listen(tmp_path: Path, how: str) -> None:
    end = await stage(tmp_path, how).play(seconds=1)

    assert end == Finished(reason=LIMIT, message="time limit of 1 s")


async def test_its_work_is_there_when_time_is_up(tmp_path: Path) -> None:
    scene = stage(tmp_path, "deaf")

    await scene.play(seconds=5)  # enough to begin in, on a busy machine too

    assert scene.files == ["half"]


async def test_it_is_asked_to_stop_before_it_is_killed(tmp_path: Path) -> None:
    scene = stage(tmp_path, "obeys")

    await scene.play(seconds=5)

    assert scene.files == ["stopped"]


async def test_a_flood_leaves_few_events(tmp_path: Path) -> None:
    scene = stage(tmp_path, "flood_of_updates")

    await scene.play(seconds=60)

    assert sum(len(repr(event)) for event in scene.events) < 5 * 2**20


async def test_who_asks_and_hears_no_answer_is_not_listened_to_for_ever(tmp_path: Path) -> None:
    """Each question that is not answered yet takes room of ours, not of the box."""
    scene = stage(tmp_path, "asks_and_does_not_listen")

    end = await scene.play(seconds=5)

    assert end == Finished(reason=LIMIT, message="time limit of 5 s")
    assert int((scene.tree / "asked").read_text()) < 1000


async def test_pieces_of_a_speech_are_few_events(tmp_path: Path) -> None:
    scene = stage(tmp_path, "long_speech")

    end = await scene.play()

    said = scene.of(Message)
    assert len(said) < 50
    assert sum(len(message.text) for message in said) == 3000 * 50
    assert end.reason == FinishReason.DONE


async def test_who_never_asks_finds_the_box(tmp_path: Path) -> None:
    scene = stage(tmp_path, "never_asks")

    end = await scene.play()

    assert (end.reason, scene.files) == (FinishReason.DONE, ["done"])
    assert Path("/usr/bin/env").exists()


async def test_writing_outside_the_worktree_is_refused_twice(tmp_path: Path) -> None:
    scene = stage(tmp_path, "writes_outside")

    await scene.play()

    said = "".join(message.text for message in scene.of(Message))
    assert {decided.allowed for decided in scene.of(PermissionDecided)} == {False}
    assert said.count("Read-only file system") == MOST_TURNS * 4
    assert not (tmp_path / "x").exists()


async def test_what_forks_away_does_not_outlive_the_attempt(tmp_path: Path) -> None:
    scene = stage(tmp_path, "forks_away")

    await scene.play()

    await asyncio.sleep(1.5)
    assert scene.files == []


async def test_the_gateways_refusal_has_the_last_word(tmp_path: Path) -> None:
    scene = stage(tmp_path, "deaf")
    scene.way.refusal = Refusal(kind="budget", message="budget reached: $2.00 of $2.00 used")

    began = time.monotonic()
    end = await scene.play(seconds=60)

    assert end == Finished(
        reason=LIMIT, message="budget reached: $2.00 of $2.00 used", kind="budget"
    )
    assert time.monotonic() - began < 40


async def test_a_refused_key_is_named_whatever_the_agent_makes_of_it(tmp_path: Path) -> None:
    scene = stage(tmp_path, "good")
    scene.way.refusal = Refusal(kind="model_key", message="the model key is refused")

    end = await scene.play()

    assert end == Finished(reason=ERROR, message="the model key is refused", kind="model_key")


async def test_closing_the_events_kills_the_agent(tmp_path: Path) -> None:
    scene = stage(tmp_path, "deaf")

    task = asyncio.create_task(scene.play(seconds=60))
    while not (scene.tree / "half").exists():
        await asyncio.sleep(0.05)
    task.cancel()
    began = time.monotonic()
    await asyncio.gather(task, return_exceptions=True)

    assert task.cancelled()
    assert time.monotonic() - began < 40
    assert not any(isinstance(event, Finished) for event in scene.events)
