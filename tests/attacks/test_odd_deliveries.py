"""Signed deliveries that GitHub never sends: whatever they are, nothing is started or stopped.

They take somebody who knows the secret, or a proxy on the way that changes what it passes on.
"""

import json

import pytest

from bot.intake.fields import NotJson, read_fields
from bot.runs import Decision
from tests.handlers.payloads import labeled
from tests.handlers.world import Sent, World

BODY = json.dumps(labeled()).encode()
AT_END = BODY[:-1]


def but(old: str, new: bytes) -> bytes:
    """The delivery of a label, with another word in it."""
    assert old.encode() in BODY
    return BODY.replace(old.encode(), new)


async def decided(body: bytes) -> Decision | None:
    """What the door and the handlers make of it; None: the door does not take it."""
    try:
        read_fields(body)
    except NotJson:
        return None
    return await World().decide_on(Sent("issues", body))


async def test_as_it_is_it_starts_a_run() -> None:
    decision = await decided(BODY)

    assert decision is not None
    assert len(decision.starts) == 1


@pytest.mark.parametrize(
    "body",
    [
        AT_END + b', "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        but('"number": 7', b'"number": 7, "x": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
        AT_END + b', "x": NaN}',
        AT_END + b', "x": "\xff"}',
        AT_END + b', "x": "\\ud800"}',
        but('"number": 7', b'"number": 1e999'),
        but('"number": 7', b'"number": 7.5'),
        but('"number": 7', b'"number": -7'),
        but('"number": 7', b'"number": ' + b"9" * 30),
        but('"number": 7', b'"number": true'),
        but('"number": 7', b'"number": "7"'),
        but('"acme/shop"', b'"../../user?x="'),
        but('"acme/shop"', b'"acme/shop/../../x"'),
        but('"acme/shop"', b'"acme/.."'),
        but('"acme/shop"', b'"acme/shop\\n"'),
        b"[" + BODY + b"]",
        b"\xef\xbb\xbf" + BODY,
        b"",
        b"null",
    ],
    ids=lambda body: repr(body[-40:]),
)
async def test_what_github_does_not_send_starts_nothing(body: bytes) -> None:
    decision = await decided(body)

    assert decision is None or (decision.starts, decision.tells, decision.effects) == ((), (), ())


async def test_of_a_key_that_stands_there_twice_all_read_the_same() -> None:
    """Else the right of one person would be asked for, and another's word be followed."""
    twice = AT_END + b', "sender": {"id": 66, "login": "eve", "type": "User"}}'

    decision = await decided(twice)

    assert decision is not None
    assert decision.starts == ()
    assert "eve" in (decision.reason or "")
