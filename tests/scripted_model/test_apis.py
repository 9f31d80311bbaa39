"""What it answers parses with the official client libraries, streamed and not."""

import pytest

from bot.scripted_model import Fault, FaultKind, Play, Scenario, ScriptedModel, Step, Usage
from tests.scripted_model.conversations import ASKS, TOOL, Ask, Heard

SCENARIO = Scenario(
    usage=Usage(input=1200, cached=300, output=70, reasoning=20),
    plays=(
        Play(
            match="greenhouse",
            steps=(
                Step(say="First I look; that takes a sentence of more than one piece."),
                Step(shell="ls -la"),
                Step(shell="pytest -q", expect="2 failed"),
            ),
            final="Everything in it is green again, all the way from head to tail.",
        ),
    ),
)
TOKENS = (1200, 300, 70)
each_api = pytest.mark.parametrize("ask", ASKS, ids=lambda ask: ask.__name__)


@each_api
async def test_a_conversation_goes_through_its_steps(ask: Ask) -> None:
    async with ScriptedModel(SCENARIO) as model:
        first = await ask(model.url, "the greenhouse", ())
        second = await ask(model.url, "the greenhouse", ("README.md",))
        last = await ask(model.url, "the greenhouse", ("README.md", "= 2 failed ="))

    said = "First I look; that takes a sentence of more than one piece."
    assert first == Heard(text=said, call=(TOOL, {"command": "ls -la"}), tokens=TOKENS)
    assert second == Heard(text="", call=(TOOL, {"command": "pytest -q"}), tokens=TOKENS)
    final = "Everything in it is green again, all the way from head to tail."
    assert last == Heard(text=final, call=None, tokens=TOKENS)


@each_api
async def test_a_result_that_shows_something_else_ends_the_play(ask: Ask) -> None:
    async with ScriptedModel(SCENARIO) as model:
        heard = await ask(model.url, "the greenhouse", ("README.md", "all passed"))

    assert heard.call is None
    assert heard.text == "I expected `2 failed`, and the result was:\n\nall passed"


@each_api
async def test_usage_can_be_left_out(ask: Ask) -> None:
    scenario = Scenario(usage=Usage(omit=True), plays=(Play(final="x"),))
    async with ScriptedModel(scenario) as model:
        heard = await ask(model.url, "anything", ())

    assert heard.tokens in (None, (0, 0, 0))


@each_api
async def test_an_error_has_the_api_s_own_shape(ask: Ask) -> None:
    fault = Fault(kind=FaultKind.STATUS, status=429, message="slow down", retry_after="7")
    async with ScriptedModel(SCENARIO.model_copy(update={"faults": (fault,)})) as model:
        with pytest.raises(Exception, match="slow down") as caught:
            await ask(model.url, "the greenhouse", ())
        again = await ask(model.url, "the greenhouse", ())

    status = getattr(caught.value, "status_code", getattr(caught.value, "code", None))
    assert status == 429
    assert again.call == (TOOL, {"command": "ls -la"})


@each_api
async def test_another_key_is_refused(ask: Ask) -> None:
    async with ScriptedModel(SCENARIO.model_copy(update={"key": "the right one"})) as model:
        with pytest.raises(Exception, match="Incorrect API key"):
            await ask(model.url, "the greenhouse", ())
