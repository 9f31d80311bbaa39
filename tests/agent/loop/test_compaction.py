"""Conversations that outgrow the model's window."""

import json
from pathlib import Path

import pytest
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from bot.agent.loop.compaction import FORGOTTEN, compacted, tokens
from bot.agent.loop.shorten import shorten
from bot.agent.runtime import Api, FinishReason, ToolFinished, Warned
from bot.scripted_model import Step, Usage
from tests.agent.loop.bench import bench, plays


def conversation(turns: int, size: int) -> list[ModelMessage]:
    messages: list[ModelMessage] = [ModelRequest(parts=[UserPromptPart(content="the task")])]
    for n in range(turns):
        call = ToolCallPart(tool_name="run", args={"command": f"c{n}"}, tool_call_id=f"call_{n}")
        result = ToolReturnPart(
            tool_name="run", content=f"r{n}" + "x" * size, tool_call_id=f"call_{n}"
        )
        messages += [ModelResponse(parts=[call]), ModelRequest(parts=[result])]
    return messages


def ids(messages: list[ModelMessage]) -> tuple[list[str], list[str]]:
    parts = [part for message in messages for part in message.parts]
    calls = [part.tool_call_id for part in parts if isinstance(part, ToolCallPart)]
    return calls, [part.tool_call_id for part in parts if isinstance(part, ToolReturnPart)]


def test_old_results_go_first_and_recent_ones_stay_whole() -> None:
    made = compacted(conversation(10, 10_000), 20_000)

    lengths = [len(str(m.parts[0].content)) for m in made[2::2]]  # type: ignore[union-attr]
    assert [length < 400 for length in lengths] == [True] * 7 + [False] * 3
    assert ids(made)[0] == ids(made)[1] == [f"call_{n}" for n in range(10)]


@pytest.mark.parametrize("wanted", [20_000, 5000, 1000, 200, 10])
def test_the_task_stays_and_every_result_keeps_its_call(wanted: int) -> None:
    made = compacted(conversation(200, 2000), wanted)

    assert made[0].parts[0].content == "the task"  # type: ignore[union-attr]
    calls, results = ids(made)
    assert calls == results
    assert calls[-1] == "call_199"
    assert isinstance(made[1], ModelResponse)
    assert tokens(made) <= max(wanted, 1300)


def test_what_was_forgotten_is_said_once() -> None:
    once = compacted(conversation(200, 2000), 1000)
    twice = compacted([*once, *conversation(200, 2000)[1:]], 1000)

    assert [p.content for p in twice[0].parts] == ["the task", FORGOTTEN]  # type: ignore[union-attr]


def test_what_the_endpoint_counted_is_believed_unless_it_is_absurd() -> None:
    messages = conversation(3, 1000)
    counted = ModelResponse(parts=[TextPart(content="x")])
    counted.usage.input_tokens, counted.usage.output_tokens = 9000, 10
    lying = ModelResponse(parts=[TextPart(content="x")])
    lying.usage.input_tokens = 1

    assert tokens([*messages, counted]) == 9010
    assert tokens([*messages, lying]) > 400
    assert tokens(messages) > 800


def test_shorten_keeps_head_and_tail() -> None:
    assert shorten("short", 10) == "short"
    assert shorten("a" * 50 + "b" * 50, 10) == "aaaaa\n[… 90 characters are left out …]\nbbbbb"


@pytest.mark.slow
@pytest.mark.parametrize("api", list(Api))
async def test_a_long_attempt_stays_within_the_window(tmp_path: Path, api: Api) -> None:
    """The endpoint refuses what is larger, so whoever does not compact does not come to the end."""
    steps = (Step(shell="seq 1 3000", expect="3000\n"),) * 16
    scenario = plays(*steps, final="Through.").model_copy(
        update={"usage": Usage(omit=True), "window": 90_000}
    )
    async with bench(tmp_path, scenario, api=api, window=20_000) as there:
        finished = await there.attempt(seconds=60)
        sizes = [len(json.dumps(each.body)) for each in there.model.calls]
        refused = [each.fault for each in there.model.calls if each.fault]

    assert (finished.reason, finished.message) == (FinishReason.DONE, "Through.")
    assert len(there.of(ToolFinished)) == 16
    assert any("context compacted" in each.text for each in there.of(Warned))
    assert (max(sizes) < 90_000, refused) == (True, [])


@pytest.mark.slow
@pytest.mark.parametrize("api", list(Api))
async def test_an_unknown_window_is_found_when_the_endpoint_refuses(
    tmp_path: Path, api: Api
) -> None:
    steps = (Step(shell="seq 1 3000"),) * 12
    scenario = plays(*steps, final="Through.").model_copy(update={"window": 60_000})
    async with bench(tmp_path, scenario, api=api) as there:
        finished = await there.attempt(seconds=60)
        refused = [each.fault for each in there.model.calls if each.fault]

    assert (finished.reason, finished.message) == (FinishReason.DONE, "Through.")
    assert len(refused) >= 1
    assert len(there.of(ToolFinished)) == 12


@pytest.mark.slow
async def test_a_task_larger_than_the_window_ends_with_the_endpoint_s_word(tmp_path: Path) -> None:
    scenario = plays(Step(shell="true")).model_copy(update={"window": 3000})
    async with bench(tmp_path, scenario) as there:
        finished = await there.attempt(prompt="x" * 10_000)

    assert (finished.reason, finished.kind) == (FinishReason.ERROR, "model_error")
    assert "maximum context length" in finished.message
