"""What an agent in the box, or an endpoint, may try at the gateway: other ways out, and the key."""

import asyncio
import base64
import json
import logging
import os
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.agent.catalogue import Catalogue
from bot.agent.gateway.crowd import (
    FREE_REFUSALS,
    MOST_BYTES,
    MOST_CONNECTIONS,
    PENALTY_SECONDS,
)
from bot.agent.gateway.dialect import Dialect
from bot.agent.gateway.dialects import DIALECTS
from bot.agent.gateway.door import MOST_NOTED
from bot.agent.gateway.job import TurnedAway
from bot.agent.gateway.scrub import Scrubber, forms
from bot.agent.runtime import Api
from bot.store.database import Database
from tests.agent.gateway.test_metering import BODIES, CHAT_USAGE, STREAMS, asking
from tests.agent.gateway.world import (
    KEY,
    WORDS,
    Answer,
    Got,
    Host,
    Inside,
    a_job,
    an_endpoint,
    gateway_of,
    meeting,
    opened,
    rows,
)

GOOD = Answer.of({"choices": [{}], "usage": CHAT_USAGE})
USER = {"role": "user", "content": "hello"}


@pytest.mark.parametrize(
    "path",
    [
        "/v1/files",
        "/v1/responses",
        "/v1/messages",
        "/v1/chat/completions/../files",
        "/v1/chat/completions/x",
        "//v1/chat/completions",
        "/v1/chat%2Fcompletions/..%2ffiles",
        "/v1/models/../files",
        "/v1beta/models/small:generateContent",
    ],
)
async def test_only_the_path_of_its_protocol_goes_out(
    path: str, database: Database, folder: Path
) -> None:
    async with meeting(database, folder, GOOD) as (host, inside):
        got = await inside.post(path, {"model": "small", "messages": [USER]})

    assert (got.status, got.json["error"]["code"]) == (404, "path")
    assert host.seen == []


@pytest.mark.parametrize("host", ["elsewhere.example.com", "10.0.0.1:80", "api.example.com"])
async def test_a_request_for_another_host_is_refused(
    host: str, database: Database, folder: Path
) -> None:
    async with meeting(database, folder, GOOD) as (seen, inside):
        got = await inside.post("/v1/chat/completions", {"model": "small"}, Host=host)

    assert (got.status, got.json["error"]["code"]) == (421, "host")
    assert seen.seen == []


@pytest.mark.parametrize("host", ["127.0.0.1:8100", "localhost", "gateway"])
async def test_its_own_names_are_served(host: str, database: Database, folder: Path) -> None:
    async with meeting(database, folder, GOOD) as (seen, inside):
        got = await inside.post("/v1/chat/completions", {"model": "small"}, Host=host)

    assert got.status == 200
    assert [each.headers["host"] for each in seen.seen] == [seen.url.removeprefix("http://")]


async def test_a_request_as_to_a_proxy_is_refused(database: Database, folder: Path) -> None:
    async with meeting(database, folder, GOOD) as (seen, inside):
        reader, writer = await asyncio.open_unix_connection(inside.door.path)
        body = b'{"model": "small"}'
        writer.write(b"POST http://elsewhere.example.com/v1/chat/completions HTTP/1.1\r\n")
        writer.write(b"Host: gateway\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        line = await reader.readline()
        writer.close()
        await writer.wait_closed()

    assert line.split()[1] == b"421"
    assert seen.seen == []


async def test_what_is_turned_away_is_told_once_each(database: Database, folder: Path) -> None:
    told: list[TurnedAway] = []
    async with Host([GOOD]).running() as host:
        endpoint = an_endpoint(host.url)
        async with (
            gateway_of(database, folder, one=endpoint) as gateway,
            opened(gateway, turned_away=told.append) as inside,
        ):
            for _ in range(3):
                await inside.post("/v1/files", {})
            await inside.post("/v1/chat/completions", {"model": "large" * 100})
            await inside.chat()
            for n in range(MOST_NOTED // 8):
                await inside.post(f"/v1/{n}/{'x' * 300}", {})

    assert [(each.kind, each.asked) for each in told[:2]] == [
        ("path", "POST /v1/files"),
        ("model_not_found", "POST /v1/chat/completions"),
    ]
    assert len(told) == 2 + MOST_NOTED // 8
    assert all(len(each.asked) <= 200 and len(each.reason) < 300 for each in told)


@pytest.mark.parametrize("model", ["large", "small ", "SMALL", "", None, 7, ["small"]])
async def test_only_the_model_of_the_endpoint_is_served(
    model: Any, database: Database, folder: Path
) -> None:
    async with meeting(database, folder, GOOD) as (host, inside):
        got = await inside.post("/v1/chat/completions", {"model": model, "messages": [USER]})

    assert (got.status, got.json["error"]["code"]) == (404, "model_not_found")
    assert host.seen == []


async def test_another_name_of_the_model_goes_out_as_the_model(
    database: Database, folder: Path
) -> None:
    async with meeting(database, folder, GOOD, aliases=["haiku-*"]) as (host, inside):
        got = await inside.post("/v1/chat/completions", {"model": "haiku-4", "messages": [USER]})

    assert (got.status, host.seen[0].body["model"]) == (200, "small")


async def test_a_key_that_is_there_twice_is_read_as_it_goes_out(
    database: Database, folder: Path
) -> None:
    """Else we would check one model, and the endpoint would serve the other."""
    raw = b'{"model": "large", "max_tokens": 90000, "model": "small", "max_tokens": 9}'
    async with meeting(database, folder, GOOD) as (host, inside):
        await inside.post("/v1/chat/completions", raw)

    assert host.seen[0].body == {"model": "small", "max_tokens": 9}


@pytest.mark.parametrize(
    ("extra", "kept"),
    [
        ({"n": 50, "best_of": 50}, {}),
        ({"service_tier": "priority"}, {}),
        ({"models": ["large"], "plugins": [{"id": "web"}], "provider": {}}, {}),
        ({"web_search_options": {}}, {}),
        ({"temperature": 0.5}, {"temperature": 0.5}),
        ({"tools": [{"type": "web_search"}], "tool_choice": "required"}, {}),
        (
            {"tools": [{"type": "function", "function": {"name": "a"}}, {"type": "mcp"}]},
            {"tools": [{"type": "function", "function": {"name": "a"}}]},
        ),
    ],
)
async def test_what_would_cost_more_or_reach_further_is_left_out(
    extra: dict[str, Any], kept: dict[str, Any], database: Database, folder: Path
) -> None:
    plain = {"model": "small", "messages": [USER], "max_tokens": 9}
    async with meeting(database, folder, GOOD) as (host, inside):
        got = await inside.post("/v1/chat/completions", plain | extra)

    assert (got.status, host.seen[0].body) == (200, plain | kept)


SERVER_TOOLS = {
    Api.CHAT: [{"type": "web_search"}],
    Api.RESPONSES: [
        {"type": "web_search"},
        {"type": "mcp", "server_url": "https://evil"},
        {"type": "code_interpreter"},
        {"type": "shell", "environment": {"type": "container_auto"}},
        {"type": "namespace", "tools": [{"type": "mcp"}]},
    ],
    Api.MESSAGES: [{"type": "web_fetch_20250910"}, {"type": "code_execution_20250825"}],
    Api.GENERATE: [{"googleSearch": {}}, {"urlContext": {}}, {"codeExecution": {}}],
}


@pytest.mark.parametrize("api", list(Api))
async def test_no_tool_runs_at_the_endpoint(api: Api, database: Database, folder: Path) -> None:
    path, body = asking(api, stream=False)
    answer = Answer.of(BODIES[api][2])
    async with meeting(database, folder, answer, api=api) as (host, inside):
        got = await inside.post(path, {**body, "tools": SERVER_TOOLS[api]})

    assert got.status == 200
    assert "tools" not in host.seen[0].body


def parts(kind: str, part: Any) -> tuple[Api, dict[str, Any]]:
    """Put a part among the words of a protocol."""
    api = Api(kind)
    where: dict[Api, dict[str, Any]] = {
        Api.CHAT: {"messages": [{"role": "user", "content": [part]}]},
        Api.RESPONSES: {"input": [{"role": "user", "content": [part]}]},
        Api.MESSAGES: {"messages": [{"role": "user", "content": [part]}], "max_tokens": 9},
        Api.GENERATE: {"contents": [{"parts": [part]}]},
    }
    return api, where[api]


ADDRESS = "https://evil.example/?leak=everything"
DATA = "data:image/png;base64," + "A" * 4000


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("chat", {"type": "image_url", "image_url": {"url": ADDRESS}}),
        ("chat", {"type": "video_url", "video_url": {"url": ADDRESS}}),
        ("chat", {"type": "file", "file": {"file_id": "file-1"}}),
        ("responses", {"type": "input_image", "image_url": ADDRESS}),
        ("responses", {"type": "input_file", "file_url": ADDRESS}),
        ("responses", {"type": "item_reference", "id": "rs_1"}),
        ("messages", {"type": "image", "source": {"type": "url", "url": ADDRESS}}),
        ("messages", {"type": "image", "source": {"type": "file", "file_id": "f"}}),
        (
            "messages",
            {
                "type": "tool_result",
                "content": [{"type": "document", "source": {"type": "url", "url": ADDRESS}}],
            },
        ),
        ("generate", {"fileData": {"fileUri": ADDRESS}}),
        ("generate", {"file_data": {"file_uri": ADDRESS}}),
    ],
)
async def test_no_address_goes_out_that_the_endpoint_would_fetch(
    kind: str, part: Any, database: Database, folder: Path
) -> None:
    api, words = parts(kind, part)
    path, body = asking(api, stream=False)
    async with meeting(database, folder, GOOD, api=api) as (host, inside):
        got = await inside.post(path, body | words)

    assert got.status == 400
    assert "the gateway sends no" in got.json["error"]["message"]
    assert host.seen == []


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("chat", {"type": "image_url", "image_url": {"url": DATA}}),
        ("responses", {"type": "input_image", "image_url": DATA}),
        ("messages", {"type": "tool_use", "id": "1", "name": "fetch", "input": {"url": ADDRESS}}),
        ("messages", {"type": "text", "text": ADDRESS}),
        ("generate", {"functionCall": {"name": "fetch", "args": {"url": ADDRESS}}}),
        ("generate", {"functionResponse": {"name": "fetch", "response": {"uri": ADDRESS}}}),
    ],
)
async def test_pictures_and_the_arguments_of_tools_pass(
    kind: str, part: Any, database: Database, folder: Path
) -> None:
    api, words = parts(kind, part)
    path, body = asking(api, stream=False)
    async with meeting(database, folder, Answer.of(BODIES[api][2]), api=api) as (host, inside):
        got = await inside.post(path, body | words)

    assert got.status == 200
    assert part in json.loads(json.dumps(_lists(host.seen[0].body)))


def _lists(body: Any) -> list[Any]:
    """List every part of a request's words."""
    words = body.get("messages") or body.get("input") or body.get("contents")
    return [part for one in words for part in one.get("content") or one.get("parts")]


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000, b"{" + b'"a":' * 9]
)
async def test_what_is_no_request_is_refused(raw: bytes, database: Database, folder: Path) -> None:
    async with meeting(database, folder, GOOD) as (host, inside):
        got = await inside.post("/v1/chat/completions", raw)

    assert (got.status, got.json["error"]["code"]) == (400, "not_json")
    assert host.seen == []


async def test_a_request_that_is_too_large_is_refused(database: Database, folder: Path) -> None:
    async with meeting(database, folder, GOOD) as (host, inside):
        got = await inside.post("/v1/chat/completions", b'"' + b"x" * (33 * 2**20) + b'"')

    assert (got.status, got.json["error"]["code"]) == (413, "too_large")
    assert host.seen == []


async def test_half_of_a_surrogate_pair_passes_as_agents_send_it(
    database: Database, folder: Path
) -> None:
    raw = b'{"model": "small", "messages": [{"role": "user", "content": "\\ud83d"}]}'
    async with meeting(database, folder, GOOD) as (host, inside):
        got = await inside.post("/v1/chat/completions", raw)

    assert got.status == 200
    assert host.seen[0].body["messages"][0]["content"] == "\ud83d"


async def test_headers_of_the_box_do_not_go_out_and_the_hosts_do_not_come_in(
    database: Database, folder: Path
) -> None:
    answer = Answer.of(
        {"usage": CHAT_USAGE},
        headers={"set-cookie": "a=b", "x-internal": "1", "x-request-id": "req-1"},
    )
    sent = {"authorization": "Bearer mine", "x-api-key": "mine", "cookie": "c=d", "x-leak": "data"}
    async with meeting(database, folder, answer) as (host, inside):
        for _ in range(2):
            got = await inside.post("/v1/chat/completions?key=mine", {"model": "small"}, **sent)

    for seen in host.seen:
        assert seen.headers["authorization"] == f"Bearer {KEY}"
        assert not {"cookie", "x-leak", "x_leak", "x-api-key"} & set(seen.headers)
        assert "mine" not in str(seen)
    assert {"set-cookie", "x-internal"} & set(got.headers) == set()
    assert got.headers["x-request-id"] == "req-1"


async def test_the_socket_is_ours_alone_and_goes_with_the_attempt(
    database: Database, folder: Path
) -> None:
    async with meeting(database, folder, GOOD) as (_, inside):
        path = inside.door.path
        modes = [stat.S_IMODE(os.stat(each).st_mode) for each in (folder, path)]

    assert modes == [0o700, 0o600]
    assert not path.exists()


def told(text: str) -> list[Answer]:
    """Say something in every place in which an endpoint can say anything but an answer."""
    return [
        *(Answer.of({"error": {"message": text, "code": text}}, status=s) for s in (400, 401, 404)),
        *(Answer.of({"error": {"message": text}}, status=s) for s in (402, 403, 422)),
        Answer.of({"message": text}, status=418),
        Answer.of([{"error": {"message": text, "status": text}}], status=400),
        Answer(status=400, body=text.encode(), headers={"content-type": "text/plain"}),
        Answer(status=302, headers={"location": f"http://x/{text}"}, body=text.encode()),
        Answer(body=text.encode(), headers={"content-type": "text/html", "x-request-id": "r"}),
        Answer(status=400, headers={"x-echo": text, "content-type": f"text/{text[:20]}"}),
    ]


@pytest.mark.parametrize("form", sorted(forms(KEY)), ids=range(len(forms(KEY))))
async def test_the_key_is_never_told_in_any_encoding(
    form: str, database: Database, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    seen = []
    for answer in told(f"your key is {form} and its end {form[7:]}"):
        async with meeting(database, folder, answer) as (host, inside):
            got = await inside.chat()
            seen += [got.body.decode(), str(got.headers), str(inside.door.refusal)]
        assert len(host.seen) == 1
    seen += [caplog.text, *(call.model_dump_json() for call in await rows(database))]

    pieces = {form[at : at + 8] for at in range(len(form) - 7)}
    assert [text for text in seen if any(piece in text for piece in pieces)] == []


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_with_the_key_in_it_is_cut(
    stream: bool, database: Database, folder: Path
) -> None:
    said = json.dumps({"choices": [{"delta": {"content": f"it is {KEY}"}}]}).encode()
    first = STREAMS[Api.CHAT][0]
    torn = (first, b"data: " + said[:60], said[60:] + b"\n\n")
    answer = (
        Answer.stream(*torn)
        if stream
        else Answer(body=said, headers={"content-type": "application/json"})
    )
    async with meeting(database, folder, answer) as (_, inside):
        got = await inside.chat(stream=stream)

    assert got.body == first + b"<cut>" if stream else got.status == 503
    (call,) = await rows(database)
    assert call.error is not None
    assert KEY not in call.model_dump_json()


async def test_a_token_of_a_file_is_no_part_of_anything_that_is_shown(tmp_path: Path) -> None:
    data = {"endpoints": {"one": {"url": "http://h", "api": "chat", "model": "m", "key": KEY}}}
    catalogue = Catalogue.model_validate(data)

    assert KEY not in repr(catalogue) + str(catalogue) + catalogue.model_dump_json()
    assert catalogue.secrets == (KEY,)


def test_what_is_not_the_key_is_left_as_it_is() -> None:
    scrub = Scrubber((KEY,))
    text = "Rate limit reached for gpt-5 in organization org-1 on tokens per min: Limit 30000"

    assert scrub(text) == text
    assert scrub(base64.b64encode(f"ab{KEY}cd".encode()).decode()).count("***") == 1


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda dialect: dialect.api)
async def test_questions_that_cost_nothing_are_answered_without_the_endpoint(
    dialect: Dialect, database: Database, folder: Path
) -> None:
    async with meeting(database, folder, GOOD, api=dialect.api) as (host, inside):
        for path in ("/v1beta/models", "/v1/models", "/"):
            async with inside.session.get(f"http://box{path}") as got:
                assert got.status in (200, 404)
        count = await inside.post("/v1/messages/count_tokens", {"messages": [WORDS]})

    assert count.status == (200 if dialect.api is Api.MESSAGES else 404)
    assert host.seen == []
    assert await rows(database, a_job().run_id) == []


async def test_a_box_that_opens_connections_without_end_leaves_us_our_own(
    database: Database, folder: Path
) -> None:
    async with meeting(database, folder, GOOD) as (host, inside):
        path = str(inside.door.path)
        open_ = [await asyncio.open_unix_connection(path) for _ in range(MOST_CONNECTIONS + 50)]
        ends = [asyncio.create_task(reader.read(1)) for reader, _ in open_]
        async with asyncio.timeout(150):
            while sum(end.done() for end in ends) < 50:
                await asyncio.sleep(0.05)
        done, waiting = await asyncio.wait(ends, timeout=0.3)
        for end in waiting:
            end.cancel()
        for _, writer in open_:
            writer.close()
        got = await answered(inside)

    assert (len(done), {end.result() for end in done}) == (50, {b""})
    assert (got.status, len(host.seen)) == (200, 1)


async def answered(inside: Inside) -> Got:
    """Ask until the door has noticed that those before are gone."""
    async with asyncio.timeout(150):
        while True:
            with suppress(aiohttp.ClientError):
                return await inside.chat()
            await asyncio.sleep(0.02)


class Crowd(Host):
    """Answers nobody before so many were there at once, however long they take to come."""

    async def _play(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        async with asyncio.timeout(150):
            while self.most_at_once < CROWD:
                await asyncio.sleep(0.01)
        return await super()._play(request, answer)


CROWD = 4


async def test_large_requests_take_turns_in_memory(database: Database, folder: Path) -> None:
    words = {"model": "small", "messages": [USER], "user": "x" * (15 * 2**20)}
    raw = json.dumps(words).encode()
    slow = Answer.of({"choices": [{}], "usage": CHAT_USAGE}, hang=1.5)
    async with (
        Crowd([slow]).running() as host,
        gateway_of(database, folder, one=an_endpoint(host.url)) as gateway,
        opened(gateway) as inside,
    ):
        got = await asyncio.gather(*(inside.post("/v1/chat/completions", raw) for _ in range(6)))

    assert {each.status for each in got} == {200}
    assert host.most_at_once == MOST_BYTES // len(raw) == CROWD


async def test_an_agent_that_asks_in_vain_again_and_again_waits(
    database: Database, folder: Path
) -> None:
    async with meeting(database, folder, GOOD) as (_, inside):
        took = []
        for _ in range(FREE_REFUSALS + 1):
            began = time.monotonic()
            await inside.post("/v1/files", {})
            took.append(time.monotonic() - began)

    assert max(took[:-1]) < PENALTY_SECONDS <= took[-1]
