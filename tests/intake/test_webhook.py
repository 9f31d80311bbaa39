"""What the door answers, and that nothing is acknowledged that is not on disk."""

import asyncio
import json

import pytest
from aiohttp import web
from sqlalchemy import create_engine

from bot.intake.webhook import LARGEST_BODY, add_webhook
from bot.store.database import parse_url
from tests.intake.door import Door, about, open_door, signed
from tests.intake.examples import payloads

BODY = b'{"action": "labeled"}'


async def test_a_delivery_is_on_disk_before_it_is_acknowledged(door: Door) -> None:
    status = await door.deliver("issues", about(10, 7), guid="guid-1")

    engine = create_engine(parse_url(door.database.url))
    with engine.connect() as another:
        found = another.exec_driver_sql(
            "SELECT guid, event, action, repository, repository_id, number, installation_id,"
            " source, decision, payload FROM deliveries JOIN payloads USING (seq)"
        ).all()
    engine.dispose()
    body = json.dumps(about(10, 7)).encode()
    row = ("guid-1", "issues", "labeled", "octo/shop-10", 10, 7, 5, "webhook", "pending", body)
    assert (status, found) == (202, [row])


async def test_a_delivery_that_was_seen_is_kept_once(door: Door) -> None:
    first = await door.deliver(payload=about(10), guid="guid-1")
    second = await door.deliver(payload=about(11), guid="guid-1")
    third = await door.deliver(payload=about(12), guid="guid-2")

    assert (first, second, third) == (202, 200, 202)
    assert [row.repository_id for row in await door.rows()] == [10, 12]


async def test_of_the_same_delivery_many_times_at_once_one_is_new(door: Door) -> None:
    sent = [door.deliver(payload=about(10), guid=f"guid-{n % 5}") for n in range(60)]

    statuses = await asyncio.gather(*sent)

    assert (statuses.count(202), statuses.count(200)) == (5, 55)
    assert len(await door.rows()) == 5


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        signed(BODY, secret="another"),
        signed(BODY + b" "),
        signed(BODY).removeprefix("sha256="),
        signed(BODY, algorithm="sha1"),
        signed(BODY).upper(),
        "sha256=ümläut",
    ],
)
async def test_a_bad_signature_is_refused(door: Door, signature: str | None) -> None:
    status = await door.deliver(payload=BODY, headers={"X-Hub-Signature-256": signature})

    assert (status, await door.rows()) == (401, [])


async def test_sha1_alone_is_refused(door: Door) -> None:
    headers = {"X-Hub-Signature-256": None, "X-Hub-Signature": signed(BODY, algorithm="sha1")}

    assert await door.deliver(payload=BODY, headers=headers) == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"payload=%7B%7D",
        b"{",
        b'{"action": "labeled"',
        b"{'action': 'labeled'}",
        b'{"action": "labeled"} {}',
        b"\xff\xfe",
        b'{"repository": 5',
        b'{"repository": [1, }',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
async def test_what_is_not_json_is_refused(door: Door, body: bytes) -> None:
    assert (await door.deliver(payload=body), await door.rows()) == (400, [])
    assert "not JSON" in door.said


@pytest.mark.parametrize("name", ["X-GitHub-Event", "X-GitHub-Delivery"])
@pytest.mark.parametrize("value", [None, "", "x" * 101, "ümläut", "a\tb"])
async def test_headers_that_name_nothing_are_refused(
    door: Door, name: str, value: str | None
) -> None:
    assert await door.deliver(payload=BODY, headers={name: value}) == 400
    assert await door.rows() == []


async def test_the_signature_is_looked_at_before_the_body(door: Door) -> None:
    status = await door.deliver(payload=b"{", headers={"X-Hub-Signature-256": "sha256=0"})

    assert status == 401


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b'"text"',
        b"17",
        b"true",
        b"{}",
        b'{"action": 5, "repository": "octo/shop", "issue": [], "installation": null}',
        b'{"repository": {"id": "ten"}, "issue": {"number": 1.5}, "installation": {"id": true}}',
        b'{"repository": {"id": -1, "full_name": null}, "issue": {}}',
        b'{"repository": {"id": 99999999999999999999999, "full_name": "octo/shop"}}',
        b'{"action": "a\\u0000b"}',
        b'{"action": "' + b"x" * 5000 + b'"}',
        b'{"action": "labeled", "action": "unlabeled"}',
        b"\n\n {} \n",
    ],
)
async def test_json_of_another_shape_is_kept_as_it_came(door: Door, body: bytes) -> None:
    assert await door.deliver("issues", body, guid="guid-1") == 202

    row = await door.row("guid-1")
    assert (row.payload, row.repository_id, row.number) == (body, None, None)


async def test_an_event_that_nobody_knows_is_kept(door: Door) -> None:
    assert await door.deliver("not_invented_yet", {}) == 202


@pytest.mark.slow
async def test_a_payload_of_25_mib_is_taken_and_a_larger_one_is_not(door: Door) -> None:
    largest = b'{"a":"' + b"x" * (LARGEST_BODY - 8) + b'"}'

    assert await door.deliver(payload=largest) == 202
    assert await door.deliver(payload=largest + b" ") == 413
    assert [row.guid for row in await door.rows()] == ["guid-1"]


async def test_a_body_that_is_announced_as_too_large_is_refused_unread(door: Door) -> None:
    host, port = door.url.split("/")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"POST /webhook HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256=0\r\n"
        b"Content-Length: 26214401\r\n\r\n"
    )

    async with asyncio.timeout(150):
        answer = await reader.readline()

    assert b" 413 " in answer
    writer.close()
    await writer.wait_closed()


@pytest.mark.slow
async def test_a_body_of_unknown_length_is_refused_once_it_is_too_large(door: Door) -> None:
    sent = 0
    host, port = door.url.split("/")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"POST /webhook HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256=0\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    for _ in range(27):
        writer.write(b"100000\r\n" + b"x" * 2**20 + b"\r\n")
        sent += 2**20
    answer = await reader.readline()

    assert b" 413 " in answer
    writer.close()


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
async def test_a_body_that_is_not_encoded_as_it_says_is_refused(door: Door, encoding: str) -> None:
    """No sender of ours encodes: such a body has no signature that could fit."""
    body = b"\xff" * 200
    head = (
        "POST /webhook HTTP/1.1\r\nHost: x\r\nX-GitHub-Event: ping\r\nX-GitHub-Delivery: g\r\n"
        f"X-Hub-Signature-256: {signed(body)}\r\nContent-Encoding: {encoding}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )

    assert b" 400 " in await first_line(door, head.encode() + body)
    assert await door.rows() == []


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /webhook HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    ],
    ids=["TLS", "less than nothing", "two lengths"],
)
async def test_what_is_no_http_fills_no_log(
    door: Door, caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    """Every open port gets it, all day, from whoever scans for others."""
    assert b" 400 " in await first_line(door, sent)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def first_line(door: Door, sent: bytes) -> bytes:
    """Send bytes as they are, and give the first line of the answer."""
    host, port = door.url.split("/")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    async with asyncio.timeout(150):
        line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return line


async def test_only_posts_are_taken(door: Door) -> None:
    async with door.session.get(door.url) as response:
        assert response.status == 405


async def test_every_example_of_githubs_events_is_taken(door: Door) -> None:
    examples = payloads()

    statuses = [await door.deliver(event, payload) for event, payload in examples]

    rows = await door.rows()
    assert (len(examples), set(statuses)) == (329, {202})
    assert [row.event for row in rows] == [event for event, _ in examples]
    assert [row.repository for row in rows] == [
        p.get("repository", {}).get("full_name") for _, p in examples
    ]


async def test_deliveries_stay_through_a_restart(url: str) -> None:
    async with open_door(url) as door:
        await asyncio.gather(*(door.deliver(payload=about(10)) for _ in range(40)))

    async with open_door(url) as door:
        assert await door.deliver(guid="guid-40") == 200
        assert await door.deliver(guid="guid-41") == 202
        assert len(await door.rows()) == 41


async def test_an_empty_secret_is_refused(door: Door) -> None:
    with pytest.raises(ValueError, match="secret"):
        add_webhook(web.Application(), door.journal, secrets=[""])


async def test_while_the_secret_changes_both_are_accepted(url: str) -> None:
    async with open_door(url, secrets=("the new one", "the old one")) as door:
        signatures = [signed(BODY, secret=f"the {which} one") for which in ("new", "old", "other")]
        sent = [{"X-Hub-Signature-256": signature} for signature in signatures]

        plain = [await door.deliver(payload=BODY, headers=headers) for headers in sent]
        by_aiohttp = [
            await door.deliver(payload=BODY, headers={**headers, "Connection": "close"})
            for headers in sent
        ]

        assert plain == by_aiohttp == [202, 202, 401]
