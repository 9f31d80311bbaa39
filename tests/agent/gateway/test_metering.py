"""Tokens and dollars of four protocols, streaming and not, against what a person works out."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bot.agent.runtime import Api
from bot.store.calls import CallStatus
from bot.store.database import Database
from tests.agent.gateway.world import (
    WORDS,
    Answer,
    Host,
    a_job,
    an_endpoint,
    gateway_of,
    opened,
    rows,
)

CHAT_USAGE = {
    "prompt_tokens": 1000,
    "completion_tokens": 50,
    "total_tokens": 1050,
    "prompt_tokens_details": {"cached_tokens": 200},
    "completion_tokens_details": {"reasoning_tokens": 20},
}
RESPONSES_USAGE = {
    "input_tokens": 1000,
    "input_tokens_details": {"cached_tokens": 200},
    "output_tokens": 50,
    "output_tokens_details": {"reasoning_tokens": 20},
    "total_tokens": 1050,
}
MESSAGES_USAGE = {
    "input_tokens": 700,
    "cache_read_input_tokens": 200,
    "cache_creation_input_tokens": 100,
    "output_tokens": 50,
}
GENERATE_USAGE = {
    "promptTokenCount": 1000,
    "cachedContentTokenCount": 200,
    "candidatesTokenCount": 30,
    "thoughtsTokenCount": 20,
    "totalTokenCount": 1050,
}
USD = (800 * 3 + 200 * 0.3 + 50 * 15) / 1e6
"""Of each of them, by hand: 800 tokens of input, 200 from a cache, 50 of output."""


def line(event: Any, name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(event)}\n\n".encode()


PARTS = {"messages": [{"role": "user", "content": WORDS}]}
BODIES: dict[Api, tuple[str, dict[str, Any], dict[str, Any]]] = {
    Api.CHAT: ("/v1/chat/completions", PARTS, {"choices": [{}], "usage": CHAT_USAGE}),
    Api.RESPONSES: ("/v1/responses", {"input": WORDS}, {"usage": RESPONSES_USAGE}),
    Api.MESSAGES: ("/v1/messages", {**PARTS, "max_tokens": 500}, {"usage": MESSAGES_USAGE}),
    Api.GENERATE: (
        "/v1beta/models/small:generateContent",
        {"contents": [{"parts": [{"text": WORDS}]}]},
        {"candidates": [{}], "usageMetadata": GENERATE_USAGE},
    ),
}
STREAMS: dict[Api, tuple[bytes, ...]] = {
    Api.CHAT: (
        line({"choices": [{"delta": {"content": "hi"}}]}),
        line({"choices": [], "usage": CHAT_USAGE}),
        b"data: [DONE]\n\n",
    ),
    Api.RESPONSES: (
        line({"type": "response.created", "response": {"usage": None}}, "response.created"),
        line({"type": "response.completed", "response": {"usage": RESPONSES_USAGE}}, "x"),
    ),
    Api.MESSAGES: (
        line({"message": {"usage": {**MESSAGES_USAGE, "output_tokens": 1}}}, "message_start"),
        line({"usage": {"output_tokens": 50}}, "message_delta"),
        line({"type": "message_stop"}, "message_stop"),
    ),
    Api.GENERATE: (
        line({"usageMetadata": {**GENERATE_USAGE, "candidatesTokenCount": 1}}),
        line({"usageMetadata": GENERATE_USAGE}),
    ),
}


def asking(api: Api, *, stream: bool) -> tuple[str, dict[str, Any]]:
    path, body, _ = BODIES[api]
    if api is Api.GENERATE:
        return (path.replace(":g", ":streamG") + "?alt=sse" if stream else path), body
    return path, {"model": "small", **body, "stream": stream}


@pytest.mark.parametrize("api", list(Api))
@pytest.mark.parametrize("stream", [False, True])
async def test_a_call_is_metered_as_a_person_would(
    api: Api, stream: bool, database: Database, folder: Path
) -> None:
    answer = Answer.stream(*STREAMS[api]) if stream else Answer.of(BODIES[api][2])
    async with Host([answer]).running() as host:
        endpoint = an_endpoint(host.url, api)
        async with (
            gateway_of(database, folder, one=endpoint) as gateway,
            opened(gateway) as inside,
        ):
            await asyncio.gather(*(inside.post(*asking(api, stream=stream)) for _ in range(5)))

    found = await rows(database)
    assert [(c.status, c.estimated, c.error) for c in found] == [(CallStatus.DONE, False, None)] * 5
    counted = {(c.input_tokens, c.cached_tokens, c.output_tokens) for c in found}
    assert counted == {(1000, 200, 50)}
    assert all(c.usd == pytest.approx(USD, abs=1e-9) for c in found)
    assert {c.reasoning_tokens for c in found} == {0 if api is Api.MESSAGES else 20}


@pytest.mark.parametrize("api", list(Api))
@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_passes_byte_for_byte(
    api: Api, stream: bool, database: Database, folder: Path
) -> None:
    pieces = STREAMS[api]
    answer = Answer.stream(*pieces) if stream else Answer.of(BODIES[api][2])
    path, body = asking(api, stream=stream)
    if api is Api.CHAT and stream:
        body["stream_options"] = {"include_usage": True}  # so the chunk is the agent's own
    async with (
        Host([answer]).running() as host,
        gateway_of(database, folder, one=an_endpoint(host.url, api)) as gateway,
        opened(gateway) as inside,
    ):
        got = await inside.post(path, body)

    assert (got.status, got.body) == (200, b"".join(pieces) if stream else answer.body)


async def test_usage_that_only_we_asked_for_is_not_passed_on(
    database: Database, folder: Path
) -> None:
    first, usage, last = STREAMS[Api.CHAT]
    torn = (first[:7], first[7:] + usage[:30], usage[30:-1], usage[-1:] + last)
    async with (
        Host([Answer.stream(*torn)]).running() as host,
        gateway_of(database, folder, one=an_endpoint(host.url)) as gateway,
        opened(gateway, a_job()) as inside,
    ):
        got = await inside.chat(stream=True)

    assert got.body == first + last
    assert host.seen[0].body["stream_options"] == {"include_usage": True}
    assert [c.output_tokens for c in await rows(database)] == [50]
