"""The ways in which it misbehaves, seen from HTTP."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from bot.scripted_model import Fault, FaultKind, Play, Scenario, ScriptedModel

PATHS = (
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/messages",
    "/v1beta/models/any:streamGenerateContent",
)
BODY = {"model": "m", "stream": True, "messages": [], "input": [], "contents": []}
SCENARIO = Scenario(plays=(Play(final="a text that is longer than one piece of a stream"),))
each_path = pytest.mark.parametrize("path", PATHS)


async def _asked(url: str, body: Any = BODY) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as answer:
        return answer.status, answer.content_type, await answer.text()


@each_path
async def test_a_fault_hits_so_many_calls_after_so_many(path: str) -> None:
    fault = Fault(kind=FaultKind.STATUS, status=503, after=1, times=2)
    async with ScriptedModel(SCENARIO.model_copy(update={"faults": (fault,)})) as model:
        statuses = [(await _asked(model.url + path))[0] for _ in range(4)]

    assert statuses == [200, 503, 503, 200]


@each_path
async def test_a_page_in_the_place_of_json(path: str) -> None:
    async with ScriptedModel(SCENARIO) as model:
        model.faults.waiting.append(Fault(kind=FaultKind.HTML))
        status, kind, text = await _asked(model.url + path)

    assert (status, kind) == (200, "text/html")
    assert "Please sign in" in text


@each_path
@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_breaks_off(path: str, stream: bool) -> None:
    async with ScriptedModel(SCENARIO) as model:
        model.faults.waiting.append(Fault(kind=FaultKind.CUT))
        with pytest.raises(aiohttp.ClientError):
            await _asked(model.url + path, BODY | {"stream": stream})


async def test_it_hangs() -> None:
    async with ScriptedModel(SCENARIO) as model:
        model.faults.waiting.append(Fault(kind=FaultKind.HANG))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await _asked(model.url + PATHS[0])


@pytest.mark.parametrize("kind", [FaultKind.DELAY, FaultKind.STALL])
async def test_it_is_late(kind: FaultKind) -> None:
    async with ScriptedModel(SCENARIO) as model:
        model.faults.waiting.append(Fault(kind=kind, seconds=0.3))
        began = time.monotonic()
        status, _, text = await _asked(model.url + PATHS[0])

    assert time.monotonic() - began > 0.3
    assert status == 200
    assert text.endswith("data: [DONE]\n\n")


async def test_more_than_the_window_is_refused() -> None:
    async with ScriptedModel(SCENARIO.model_copy(update={"window": 1000})) as model:
        message = {"role": "user", "content": "x" * 1000}
        status, _, text = await _asked(model.url + PATHS[0], BODY | {"messages": [message]})

    assert status == 400
    assert "maximum context length" in text


@each_path
async def test_what_is_no_request_is_refused(path: str) -> None:
    bodies: tuple[Any, ...] = (None, [], {"model": "m", "messages": 7, "input": 7, "contents": 7})
    async with ScriptedModel(SCENARIO) as model:
        answers = [await _asked(model.url + path, body) for body in bodies]

    assert [status for status, _, _ in answers] == [400] * 3
    assert ["not understood" in text for _, _, text in answers] == [True] * 3


async def test_usage_comes_in_a_stream_of_chat_only_when_it_is_asked_for() -> None:
    async with ScriptedModel(SCENARIO) as model:
        _, _, silent = await _asked(model.url + PATHS[0])
        options = {"stream_options": {"include_usage": True}}
        _, _, told = await _asked(model.url + PATHS[0], BODY | options)

    assert "usage" not in silent
    assert '"prompt_tokens": 1000' in told
