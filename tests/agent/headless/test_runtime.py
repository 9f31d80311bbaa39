"""A headless agent's lines, its end and what it prints besides: exit code 0 means nothing."""

import json
import time
from pathlib import Path

import pytest

from bot.agent.profiles import AgentProtocol, Parser
from bot.agent.runtime import Finished, FinishReason, Message, Refusal, Started
from bot.runs import Json
from tests.agent.headless import fake_agent
from tests.agent.programs import Stage

PROGRAM = Path(fake_agent.__file__).read_text()
DONE, ERROR, LIMIT = FinishReason.DONE, FinishReason.ERROR, FinishReason.LIMIT
SUCCESS = {"type": "result", "subtype": "success", "is_error": False, "result": "x"}


def stage(root: Path, *words: str, parser: Parser = Parser.CLAUDE) -> Stage:
    protocol = AgentProtocol.HEADLESS
    return Stage(root=root, program=PROGRAM, protocol=protocol, parser=parser, words=words)


def lines(*told: Json, code: int = 0) -> tuple[str, ...]:
    return ("lines", json.dumps(told).replace("$", "$$"), str(code))


async def test_its_prompt_goes_to_stdin(tmp_path: Path) -> None:
    scene = stage(tmp_path, "echo", parser=Parser.TEXT)

    end = await scene.play()

    assert scene.events == [Started(agent="mine"), Message(text="Do it."), end]
    assert end == Finished(reason=DONE, message="Do it.")


async def test_or_where_its_profile_says(tmp_path: Path) -> None:
    end = await stage(tmp_path, "argument", "${prompt}", parser=Parser.TEXT).play()

    assert end == Finished(reason=DONE, message="Do it.")


@pytest.mark.parametrize(
    ("words", "reason", "message"),
    [
        (lines(SUCCESS), DONE, ""),
        (lines({"type": "system"}), ERROR, "the agent ended with exit code 0 before it was done"),
        (lines(), ERROR, "the agent ended with exit code 0 before it was done"),
        (lines({**SUCCESS, "is_error": True}), ERROR, "x"),
        (lines({**SUCCESS, "subtype": "error_max_turns", "result": 7}), ERROR, "it ended with"),
        (lines("Please log in"), ERROR, "the agent told something else: Please log in"),
        (lines("[1]", SUCCESS), ERROR, "the agent told something else: [1]"),
        (lines("", {"type": ["odd"]}, {"type": "assistant", "message": 4}, SUCCESS), DONE, ""),
        (lines({"type": "x"}, code=9), ERROR, "the agent ended with exit code 9"),
        (("killed",), ERROR, "the agent ended with exit code 137"),
        (("endless",), ERROR, "the agent told something else: a line without end"),
    ],
)
async def test_how_it_ended_is_told_by_its_lines(
    tmp_path: Path, words: tuple[str, ...], reason: FinishReason, message: str
) -> None:
    end = await stage(tmp_path, *words).play()

    assert end.reason == reason
    assert end.message.startswith(message)


async def test_a_flood_comes_to_an_end(tmp_path: Path) -> None:
    end = await stage(tmp_path, "flood", parser=Parser.TEXT).play(seconds=60)

    assert end == Finished(reason=LIMIT, message="it told more than 128 MB or 250,000 lines")


async def test_time_is_up_for_who_hangs(tmp_path: Path) -> None:
    end = await stage(tmp_path, "hang", parser=Parser.TEXT).play(seconds=1)

    assert end == Finished(reason=LIMIT, message="time limit of 1 s")


async def test_who_is_done_and_does_not_leave_is_not_waited_for(tmp_path: Path) -> None:
    began = time.monotonic()
    end = await stage(tmp_path, "dawdle", json.dumps(SUCCESS)).play(seconds=60)

    assert end.reason == DONE
    assert time.monotonic() - began < 40


async def test_the_gateways_refusal_has_the_last_word(tmp_path: Path) -> None:
    scene = stage(tmp_path, *lines(SUCCESS))
    scene.way.refusal = Refusal(kind="budget", message="budget reached: $2.00 of $2.00 used")

    end = await scene.play()

    assert (end.reason, end.kind) == (LIMIT, "budget")


async def test_an_answer_is_found_in_its_last_words(tmp_path: Path) -> None:
    said = {"type": "assistant", "message": {"content": [{"type": "text", "text": '{"a": 1}'}]}}

    end = await stage(tmp_path, *lines(said, SUCCESS)).play(answer={"type": "object"})

    assert end.answer == {"a": 1}
