"""Endpoints that are down, slow, wrong or lie: clear errors, rows closed, never a hang."""

import asyncio
import gzip
import json
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.agent.runtime import Api
from bot.store.calls import CallStatus
from bot.store.database import Database
from tests.agent.gateway.test_metering import CHAT_USAGE, MESSAGES_USAGE, STREAMS, asking, line
from tests.agent.gateway.world import (
    WORDS,
    Answer,
    Host,
    an_endpoint,
    gateway_of,
    meeting,
    opened,
    rows,
)

GOOD = Answer.of({"choices": [{}], "usage": CHAT_USAGE})
SOON = 1.5
"""Seconds, in which whoever answers does so on a busy machine too."""


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(150):
        while not true():
            await asyncio.sleep(0.01)


NOBODY = "http://127.0.0.1:1"
"""Where nothing listens: a port that was free a moment ago may be another test's by now."""


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (Answer.of({"error": {"message": "no"}}, status=401), "model_key", "is refused (401"),
        (Answer.of({"error": {"message": "no"}}, status=403), "model_key", "is refused (403"),
        (Answer.of({"error": {"message": "no"}}, status=404), "model_unknown", "no model `small`"),
        (Answer.of({"error": {"message": "pay"}}, status=402), "model_credit", "has no credit"),
        (
            Answer.of({"error": {"code": "insufficient_quota", "message": "x"}}, status=429),
            "model_credit",
            "has no credit",
        ),
        (Answer(status=302, headers={"location": "http://elsewhere"}), "model_down", "elsewhere"),
        (
            Answer(body=b"<html>login", headers={"content-type": "text/html"}),
            "model_down",
            "an HTML page",
        ),
        (Answer(status=204), "model_down", "answers 204"),
        (
            Answer(body=b"x" * 9, headers={"content-encoding": "br"}),
            "model_down",
            "content-encoding: br",
        ),
        (Answer(hang=60), "model_down", f"has not answered for {SOON} s"),
        (Answer.of({}, status=429, headers={"retry-after": "90000"}), "model_down", "wait 25 h"),
    ],
)
async def test_what_cannot_work_ends_the_attempt_at_once(
    answer: Answer, kind: str, says: str, database: Database, folder: Path
) -> None:
    began = time.monotonic()
    async with meeting(database, folder, answer, first_byte_seconds=SOON) as (host, inside):
        got = await inside.chat()
        again = await inside.chat()
        refusal = inside.door.refusal

    assert refusal is not None
    assert refusal.kind == kind
    assert says in refusal.message
    assert got.json["error"]["code"] == kind
    assert got.headers["x-should-retry"] == again.headers["x-should-retry"] == "false"
    assert len(host.seen) == 1
    assert [(c.status, c.usd) for c in await rows(database)] == [(CallStatus.FAILED, 0.0)]
    assert time.monotonic() - began < 30


async def test_an_error_that_comes_in_pieces_is_read_to_its_end(
    database: Database, folder: Path
) -> None:
    told = json.dumps({"error": {"message": "x" * 3000, "code": "insufficient_quota"}}).encode()
    answer = Answer(status=429, pieces=(told[:700], told[700:-9], told[-9:]))
    async with meeting(database, folder, answer) as (host, inside):
        await inside.chat()
        refusal = inside.door.refusal

    assert refusal is not None
    assert (refusal.kind, len(host.seen)) == ("model_credit", 1)


async def test_an_error_whose_words_do_not_end_ends_the_attempt(
    database: Database, folder: Path
) -> None:
    answer = Answer(status=401, pieces=(b'{"error": {"message": "no',), hang=60)
    async with meeting(database, folder, answer, first_byte_seconds=SOON) as (_, inside):
        await inside.chat()
        refusal = inside.door.refusal

    assert refusal is not None
    assert refusal.kind == "model_key"


async def test_an_endpoint_may_have_many_and_long_headers(database: Database, folder: Path) -> None:
    headers = {"content-security-policy": "a" * 20_000, **{f"x-{n}": "y" for n in range(200)}}
    answer = Answer.of({"choices": [{}], "usage": CHAT_USAGE}, headers=headers)
    async with meeting(database, folder, answer) as (_, inside):
        got = await inside.chat()

    assert got.status == 200


async def test_garbage_that_may_have_cost_something_is_estimated(
    database: Database, folder: Path
) -> None:
    garbage = Answer(body=b'{"a', headers={"content-type": "application/json"})
    async with meeting(database, folder, garbage) as (_, inside):
        got = await inside.chat()

    assert got.status == 503
    assert got.json["error"]["message"].endswith("is down: answers what is no JSON")
    (call,) = await rows(database)
    assert (call.status, call.estimated) == (CallStatus.FAILED, True)
    assert call.input_tokens > 300


@pytest.mark.parametrize(
    "hint",
    [
        Answer.of({}, status=429, headers={"retry-after": "0.2"}),
        Answer.of({}, status=429, headers={"retry-after-ms": "200"}),
        Answer.of({}, status=429, headers={"x-ratelimit-reset-tokens": "200ms"}),
        Answer.of({}, status=503, headers={"retry-after": "0.2"}),
        Answer.of({"error": {"message": "Please try again in 200ms."}}, status=429),
        Answer.of(
            {
                "error": {
                    "details": [
                        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.2s"}
                    ]
                }
            },
            status=429,
        ),
    ],
)
async def test_a_pause_that_is_asked_for_is_waited_out_and_told(
    hint: Answer, database: Database, folder: Path
) -> None:
    told: list[str] = []
    async with (
        Host([hint, hint, GOOD]).running() as host,
        gateway_of(database, folder, one=an_endpoint(host.url)) as gateway,
    ):
        began = time.monotonic()
        async with opened(gateway, tell=told.append) as inside:
            got = await inside.chat()
            waited = inside.door.waited

    assert got.status == 200
    took = time.monotonic() - began
    assert took >= 0.4
    assert 0.4 <= waited <= took
    assert told == ["", *[f"waits for the model: {hint.status}, 1 s", ""] * 2, ""]
    (call,) = await rows(database)
    assert call.status is CallStatus.DONE
    assert call.seconds <= took - 0.4  # what it waited is not the endpoint's time


async def test_a_fallback_takes_over_with_its_own_name_key_and_price(
    database: Database, folder: Path
) -> None:
    told: list[str] = []
    slow = Answer.of({}, status=429, headers={"retry-after": "3600"})
    async with Host([slow]).running() as first, Host([GOOD]).running() as second:
        one = an_endpoint(first.url, fallback="two")
        free = {"input": 0, "output": 0}
        two = an_endpoint(second.url, model="other", key="sk-of-the-other", price=free)
        async with (
            gateway_of(database, folder, one=one, two=two) as gateway,
            opened(gateway, tell=told.append) as inside,
        ):
            got = [await inside.chat() for _ in range(2)]
            refusal = inside.door.refusal

    assert ([each.status for each in got], refusal) == ([200, 200], None)
    assert (len(first.seen), len(second.seen)) == (1, 2)
    assert second.seen[0].body["model"] == "other"
    assert second.seen[0].headers["authorization"] == "Bearer sk-of-the-other"
    assert told[1] == "`one` is down (429, asks to wait 1 h): goes on with `two`"
    assert [(c.endpoint, c.model, c.status.value, c.usd) for c in await rows(database)] == [
        ("one", "small", "failed", 0.0),
        ("two", "other", "done", 0.0),
        ("two", "other", "done", 0.0),
    ]


async def test_an_endpoint_that_was_down_is_left_alone_by_the_next_attempt(
    database: Database, folder: Path
) -> None:
    slow = Answer.of({}, status=503, headers={"retry-after": "3600"})
    async with Host([slow]).running() as first, Host([GOOD]).running() as second:
        one, two = an_endpoint(first.url, fallback="two"), an_endpoint(second.url)
        async with gateway_of(database, folder, one=one, two=two) as gateway:
            for _ in range(2):
                async with opened(gateway) as inside:
                    await inside.chat()

    assert (len(first.seen), len(second.seen)) == (1, 2)


@pytest.mark.parametrize("times", [1, 2])
async def test_an_address_where_nobody_listens_is_tried_again(
    times: int, database: Database, folder: Path
) -> None:
    told: list[str] = []
    url = NOBODY
    async with (
        gateway_of(database, folder, one=an_endpoint(url)) as gateway,
        opened(gateway, tell=told.append) as inside,
    ):
        asking_in_vain = asyncio.create_task(inside.chat())
        await until(lambda: len(told) > times)
        asking_in_vain.cancel()
        await asyncio.wait([asking_in_vain])

    assert told[1].startswith("waits for the model: cannot be reached (")
    (call,) = await rows(database)
    assert (call.status, call.usd) == (CallStatus.FAILED, 0.0)


@pytest.mark.parametrize("hang", [0.0, 60.0])
async def test_a_stream_that_stops_is_cut_for_the_agent_too_and_estimated(
    hang: float, database: Database, folder: Path
) -> None:
    first, _, _ = STREAMS[Api.CHAT]
    answer = Answer.stream(first, first, cut=True, hang=hang)
    async with meeting(database, folder, answer, first_byte_seconds=SOON) as (_, inside):
        got = await inside.chat(stream=True)

    assert got.body == first + first + b"<cut>"
    (call,) = await rows(database)
    assert (call.status, call.estimated, call.output_tokens) == (CallStatus.FAILED, True, 2)
    assert len(WORDS) // 6 < call.input_tokens < len(WORDS)
    assert call.usd == pytest.approx((call.input_tokens * 3 + 2 * 15) / 1e6)


async def test_an_agent_that_hangs_up_pays_what_was_said(database: Database, folder: Path) -> None:
    start, _, _ = STREAMS[Api.MESSAGES]
    answer = Answer.stream(start, line({"delta": {"text": "x" * 4000}}), hang=60)
    path, body = asking(Api.MESSAGES, stream=True)
    async with meeting(database, folder, answer, api=Api.MESSAGES) as (host, inside):
        async with inside.session.post(f"http://box{path}", json=body) as response:
            await response.content.readuntil(b"x" * 4000)
        await until(lambda: host.at_once == 0)  # the endpoint is not left talking

    (call,) = await rows(database)
    assert (call.status, call.estimated, call.input_tokens) == (CallStatus.FAILED, True, 1000)
    assert 500 <= call.output_tokens <= 1100  # the words of the request bound it
    assert call.error is not None


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {"prompt_tokens": 0, "completion_tokens": 0},
        {"prompt_tokens": -5, "completion_tokens": -5},
        {"prompt_tokens": "many", "completion_tokens": 1e99},
        {"prompt_tokens": 10**15, "completion_tokens": 10**15},
        {"prompt_tokens": True, "completion_tokens": [1]},
        ["garbage"],
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_usage_that_cannot_be_is_estimated_and_marked(
    usage: Any, stream: bool, database: Database, folder: Path
) -> None:
    said = {"choices": [{"delta": {"content": "word " * 500}}]}
    answer = (
        Answer.stream(line(said), line({"choices": [], "usage": usage}), b"data: [DONE]\n\n")
        if stream
        else Answer.of(said | {"usage": usage})
    )
    async with meeting(database, folder, answer) as (_, inside):
        got = await inside.chat(stream=stream)

    assert got.status == 200
    (call,) = await rows(database)
    assert (call.status, call.estimated) == (CallStatus.DONE, True)
    assert 300 < call.input_tokens <= 1600
    assert call.usd is not None
    assert call.usd >= call.input_tokens * 3 / 1e6


async def test_no_more_attempts_than_it_serves_are_at_an_endpoint(
    database: Database, folder: Path
) -> None:
    told: list[str] = []

    async def attempt() -> None:
        async with opened(gateway, tell=told.append) as inside:
            await inside.chat()

    async with Host([Answer.of({"usage": CHAT_USAGE}, hang=1.5)]).running() as host:
        one = an_endpoint(host.url, parallel=1)
        async with gateway_of(database, folder, one=one) as gateway:
            await asyncio.gather(*(attempt() for _ in range(3)))

    assert host.most_at_once == 1
    assert told.count("waits for the model: `one` serves 1 at once") == 2


async def test_no_more_attempts_than_it_serves_are_at_a_fallback(
    database: Database, folder: Path
) -> None:
    async def attempt() -> int:
        async with opened(gateway) as inside:
            return (await inside.chat()).status

    down, up = Answer(hang=60), Answer.of({"usage": CHAT_USAGE}, hang=0.05)
    async with Host([down]).running() as host, Host([up]).running() as other:
        one = an_endpoint(host.url, fallback="two", first_byte_seconds=0.2)
        two = an_endpoint(other.url, parallel=1, fallback="one")
        async with gateway_of(database, folder, one=one, two=two) as gateway:
            at_once = await asyncio.gather(*(attempt() for _ in range(3)))
            after = await asyncio.gather(*(attempt() for _ in range(3)))

    assert (at_once, after) == ([200] * 3, [200] * 3)
    assert other.most_at_once == 1


async def test_the_endpoints_own_refusal_reaches_the_agent_in_its_words(
    database: Database, folder: Path
) -> None:
    error = {
        "type": "invalid_request_error",
        "code": "context_length_exceeded",
        "message": "This model's maximum context length is 8192 tokens.",
        "param": "messages",
    }
    async with meeting(database, folder, Answer.of({"error": error}, status=400)) as (_, inside):
        got = await inside.chat()
        refusal = inside.door.refusal

    assert (got.status, got.json, refusal) == (400, {"error": error}, None)


async def test_leaving_while_a_call_is_under_way_closes_its_row(
    database: Database, folder: Path
) -> None:
    async with (
        Host([Answer(hang=60)]).running() as host,
        gateway_of(database, folder, one=an_endpoint(host.url)) as gateway,
    ):
        async with opened(gateway) as inside:
            call = asyncio.create_task(inside.chat())
            await until(lambda: bool(host.seen))
        with pytest.raises(aiohttp.ClientError):
            await call

    (row,) = await rows(database)
    assert (row.status, row.error) == (
        CallStatus.FAILED,
        "the call was given up before it was answered",
    )


async def test_what_the_last_chunk_says_counts(database: Database, folder: Path) -> None:
    """Anthropic's first event tells one token of output; only the last one tells all."""
    start, _, stop = STREAMS[Api.MESSAGES]
    answer = Answer.stream(start, stop)
    path, body = asking(Api.MESSAGES, stream=True)
    async with meeting(database, folder, answer, api=Api.MESSAGES) as (_, inside):
        await inside.post(path, body)

    (call,) = await rows(database)
    assert (call.estimated, call.input_tokens) == (True, 1000)
    assert call.cached_tokens == MESSAGES_USAGE["cache_read_input_tokens"]


async def test_an_endpoint_that_knows_no_stream_options_is_asked_without_and_estimated(
    database: Database, folder: Path
) -> None:
    first, _, last = STREAMS[Api.CHAT]
    strange = Answer.of({"error": {"message": "Unknown field: stream_options"}}, status=400)
    answers = (strange, Answer.stream(first, last))
    async with meeting(database, folder, *answers) as (host, inside):
        got = [await inside.chat(stream=True) for _ in range(2)]

    assert [(each.status, each.body) for each in got] == [(200, first + last)] * 2
    assert ["stream_options" in seen.body for seen in host.seen] == [True, False, False]
    found = [(call.status.value, call.estimated) for call in await rows(database)]
    assert found == [("failed", False), ("done", True), ("done", True)]


async def test_an_endpoint_that_takes_no_bound_of_ours_is_asked_without(
    database: Database, folder: Path
) -> None:
    text = "max_tokens is too large: 32000. This model supports at most 16384 tokens."
    strange = Answer.of({"error": {"message": text}}, status=400)
    async with meeting(database, folder, strange, GOOD) as (host, inside):
        got = [await inside.chat() for _ in range(2)]

    assert [each.status for each in got] == [200, 200]
    assert [seen.body.get("max_tokens") for seen in host.seen] == [8192, None, None]


async def test_a_bound_of_the_agents_own_is_refused_in_the_endpoints_words(
    database: Database, folder: Path
) -> None:
    strange = Answer.of({"error": {"message": "max_tokens is too large"}}, status=400)
    async with meeting(database, folder, strange) as (host, inside):
        got = await inside.chat(max_tokens=99_999)

    assert (got.status, len(host.seen)) == (400, 1)


async def test_a_call_that_is_given_up_while_it_is_reserved_leaves_no_row_open(
    database: Database, folder: Path
) -> None:
    async with meeting(database, folder, Answer.of({"usage": CHAT_USAGE})) as (_, inside):
        for delay in (0.001, 0.002, 0.004, 0.008):
            with suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await inside.chat()

    assert CallStatus.RESERVED not in {call.status for call in await rows(database)}


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_request_that_is_compressed_goes_out_plain(
    encoding: str, database: Database, folder: Path
) -> None:
    body = json.dumps({"model": "small", "messages": []}).encode()
    packed = gzip.compress(body) if encoding == "gzip" else zlib.compress(body)
    async with meeting(database, folder, GOOD) as (host, inside):
        got = await inside.post("/v1/chat/completions", packed, content_encoding=encoding)

    assert (got.status, host.seen[0].body["model"]) == (200, "small")
    assert "content-encoding" not in host.seen[0].headers


async def test_a_small_request_that_unpacks_to_a_huge_one_is_refused(
    database: Database, folder: Path
) -> None:
    bomb = gzip.compress(b" " * (200 * 2**20))
    async with meeting(database, folder, GOOD) as (host, inside):
        got = await inside.post("/v1/chat/completions", bomb, content_encoding="gzip")

    assert got.status in (400, 413)
    assert host.seen == []


CUT = Answer(
    pieces=(b'{"choices": [{',),
    headers={"content-type": "application/json", "content-length": "900"},
    cut=True,
)


async def test_an_answer_that_breaks_off_before_the_agent_has_it_is_asked_for_again(
    database: Database, folder: Path
) -> None:
    async with meeting(database, folder, CUT, CUT, GOOD) as (host, inside):
        got = await inside.chat()

    assert (got.status, got.json["choices"], len(host.seen)) == (200, [{}], 3)
    found = [(call.status.value, call.estimated) for call in await rows(database)]
    assert sorted(found) == [("done", False), ("failed", True), ("failed", True)]


async def test_an_endpoint_that_breaks_off_every_answer_is_down(
    database: Database, folder: Path
) -> None:
    async with meeting(database, folder, CUT) as (host, inside):
        got = await inside.chat()

    assert (got.status, len(host.seen)) == (503, 3)
    assert "is down: cut its answer off" in got.json["error"]["message"]


@pytest.mark.parametrize("status", [408, 425])
async def test_a_timeout_of_the_endpoints_own_is_waited_out(
    status: int, database: Database, folder: Path
) -> None:
    slow = Answer.of({}, status=status, headers={"retry-after": "0.1"})
    async with meeting(database, folder, slow, GOOD) as (host, inside):
        got = await inside.chat()

    assert (got.status, len(host.seen)) == (200, 2)


@pytest.mark.parametrize("kind", ["text/plain; charset=utf-8", "application/octet-stream"])
async def test_an_answer_without_its_type_is_known_by_how_it_begins(
    kind: str, database: Database, folder: Path
) -> None:
    first, *more = STREAMS[Api.CHAT]
    whole = Answer(body=b"\n " + GOOD.body, headers={"content-type": kind})
    stream = Answer(pieces=(b"\n", first, *more), headers={"content-type": kind})
    async with meeting(database, folder, whole, stream) as (_, inside):
        got = [await inside.chat(), await inside.chat(stream=True)]

    assert [each.status for each in got] == [200, 200]
    assert [each.headers["content-type"] for each in got] == [
        "application/json",
        "text/event-stream",
    ]
    assert got[1].body.strip().startswith(first.strip())
    assert [call.estimated for call in await rows(database)] == [False, False]


@pytest.mark.parametrize("body", [b"Not Found", b"", b"<html>login"])
async def test_plain_text_that_is_no_answer_is_said(
    body: bytes, database: Database, folder: Path
) -> None:
    answer = Answer(body=body, headers={"content-type": "text/plain"})
    async with meeting(database, folder, answer) as (_, inside):
        got = await inside.chat()

    assert "answers text/plain, not a model's words" in got.json["error"]["message"]
