"""The door: check a webhook's size and signature, write it down, answer; nothing else happens here.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

import hmac
import time
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from multidict import CIMultiDictProxy

from bot.intake.fields import NotJson, read_fields
from bot.intake.journal import Journal
from bot.log import logger
from bot.store.journal.arrivals import Arrival
from bot.store.journal.sqlite import NotWritten

PATH = "/webhook"
LARGEST_BODY = 25 * 1024 * 1024
"""GitHub's own limit for a payload, in bytes."""

_LONGEST_NAME = 100
_log = logger(__name__)


def add_webhook(app: web.Application, journal: Journal, *, secrets: Sequence[str]) -> None:
    """Serve `POST /webhook`; an empty secret is refused, because anybody could sign with it."""
    if not secrets or not all(secrets):
        raise ValueError("the webhook secret is empty")
    app.router.add_post(PATH, _receiver(journal, encoded(secrets)))


def encoded(secrets: Sequence[str]) -> tuple[bytes, ...]:
    return tuple(secret.encode() for secret in secrets)


def _receiver(
    journal: Journal, secrets: Sequence[bytes]
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def receive(request: web.Request) -> web.Response:
        signature = request.headers.get("X-Hub-Signature-256")
        if not signature:
            raise web.HTTPUnauthorized(text="X-Hub-Signature-256 is missing\n")
        try:
            body = await _read(request)
        except web.RequestPayloadError as error:
            raise web.HTTPBadRequest(text="the body is not as its headers say\n") from error
        if not is_signed(body, signature, secrets):
            raise web.HTTPUnauthorized(text="X-Hub-Signature-256 does not match the body\n")
        found = _arrival(request.headers, body)
        try:
            new = await journal.enter(found)
        except NotWritten as error:
            _log.error("delivery %s was not journalled: %s", found.guid, error)
            raise web.HTTPInternalServerError(text=f"not journalled: {error}\n") from error
        return web.Response(status=202 if new else 200)

    return receive


async def _read(request: web.Request) -> bytes:
    """Read the body; refuse it as soon as it is known to be too large."""
    if (request.content_length or 0) > LARGEST_BODY:
        raise _too_large()
    chunk = await request.content.readany()
    if request.content.at_eof():
        return chunk
    body = bytearray(chunk)
    while chunk := await request.content.readany():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise _too_large()
    return bytes(body)


def _too_large() -> web.HTTPRequestEntityTooLarge:
    return web.HTTPRequestEntityTooLarge(LARGEST_BODY, text="a payload has 25 MiB at most\n")


def is_signed(body: bytes, signature: str, secrets: Sequence[bytes]) -> bool:
    """Say whether a sender who knows one of the secrets signed the body."""
    given = signature.encode(errors="replace")
    for secret in secrets:
        wanted = "sha256=" + hmac.digest(secret, body, "sha256").hex()
        if hmac.compare_digest(wanted.encode(), given):
            return True
    return False


def is_name(value: str) -> bool:
    """Say whether a delivery or an event can be called that."""
    return 0 < len(value) <= _LONGEST_NAME and value.isascii() and value.isprintable()


def arrival(guid: str, event: str, body: bytes) -> Arrival:
    """Make a delivery, come in now, of its body and headers. Raises NotJson."""
    return Arrival(guid, event, *read_fields(body), time.time(), "webhook", body)


def _arrival(headers: CIMultiDictProxy[str], body: bytes) -> Arrival:
    guid, event = headers.get("X-GitHub-Delivery", ""), headers.get("X-GitHub-Event", "")
    if not is_name(guid) or not is_name(event):
        raise web.HTTPBadRequest(text="X-GitHub-Delivery or X-GitHub-Event is missing or no name\n")
    try:
        return arrival(guid, event, body)
    except NotJson as error:
        raise web.HTTPBadRequest(
            text=f"the body is not JSON ({error}); set the webhook's content type to"
            " application/json\n"
        ) from error
