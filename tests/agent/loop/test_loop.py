"""The loop from prompt to end, in each API."""

import json
from pathlib import Path

import pytest

from bot.agent.runtime import (
    Api,
    FileChanged,
    FinishReason,
    Message,
    Role,
    Started,
    ToolFinished,
    ToolStarted,
    Usage,
)
from bot.runs import Json
from bot.scripted_model import Step
from tests.agent.loop.bench import bench, plays

pytestmark = pytest.mark.slow

STEPS = (
    Step(say="I look first."),
    Step(read="src/a.py", expect="1  x = 1"),
    Step(shell="python3 src/a.py", expect="exit code 1"),
    Step(edit="src/a.py", old="x = 1", new="x = 2"),
    Step(shell="python3 src/a.py", expect="exit code 0"),
)


@pytest.mark.parametrize("api", list(Api))
async def test_it_reads_edits_is_told_that_it_fails_and_mends(tmp_path: Path, api: Api) -> None:
    async with bench(tmp_path, plays(*STEPS, final="x is 2 now."), api=api) as there:
        (there.tree / "src").mkdir()
        (there.tree / "src/a.py").write_text("x = 1\nassert x == 2\n")

        finished = await there.attempt()

    assert (finished.reason, finished.message) == (FinishReason.DONE, "x is 2 now.")
    assert (there.tree / "src/a.py").read_text() == "x = 2\nassert x == 2\n"
    assert there.events[0] == Started(agent="loop")
    assert there.of(Message) == [Message(text="I look first.")]
    assert there.of(FileChanged) == [FileChanged(path="src/a.py")]
    assert next((each.title, dict(each.arguments)) for each in there.of(ToolStarted)) == (
        "read src/a.py",
        {"path": "src/a.py"},
    )
    assert [each.ok for each in there.of(ToolFinished)] == [True, False, True, True]
    assert there.of(Usage) == [Usage(input_tokens=1000, output_tokens=50)] * 5


async def test_an_answer_in_a_form_is_asked_again_with_the_error_twice_at_most(
    tmp_path: Path,
) -> None:
    form: dict[str, Json] = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
    }
    answers: tuple[Json, ...] = ({"n": "x"}, {}, {"n": 7})
    async with bench(tmp_path, plays(answers=answers)) as there:
        finished = await there.attempt(role=Role.PLAN, answer=form)
        told = there.results()

    assert (finished.reason, finished.answer) == (FinishReason.DONE, {"n": 7})
    assert 'is not of type "integer"' in json.loads(told[0])["error"]
    assert '"n" is a required property' in json.loads(told[1])["error"]

    async with bench(tmp_path, plays(answers=({"n": "x"},))) as there:
        finished = await there.attempt(role=Role.PLAN, answer=form, prompt="Another.")

    assert (finished.reason, finished.kind) == (FinishReason.ERROR, "bad_answer")
    assert len(there.model.calls) == 3
