"""Pass an answer on to the agent as it comes, and let the tap read it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from bot.agent.gateway.tap import Leak, Tap
from bot.agent.gateway.upstream import CutOff, Down

MOST_ANSWER = 64 * 2**20
JSON, STREAM = "application/json", "text/event-stream"
_UNTYPED = ("text/plain", "application/octet-stream")
"""What some servers of one's own call every answer, or nothing at all."""
_KEPT_HEADERS = ("request-id", "x-request-id")


@dataclass(frozen=True, slots=True)
class Words:
    """An answer of a model, found to be one."""

    answer: aiohttp.ClientResponse
    kind: str
    """Content type to pass on."""
    first: bytes = b""
    """As much of it as was read to tell."""

    async def pieces(self) -> AsyncIterator[bytes]:
        if self.first:
            yield self.first
        async for piece in self.answer.content.iter_any():
            yield piece


async def pass_on(
    request: web.Request, words: Words, tap: Tap
) -> tuple[web.StreamResponse, str | None]:
    """Answer the agent; also say what went wrong after the answer began, if anything did.

    Raises Down where the answer is not whole.
    """
    given = words.answer.headers
    headers = {name: given[name] for name in _KEPT_HEADERS if name in given}
    headers["content-type"] = words.kind
    if words.kind.startswith(STREAM):
        return await _stream(request, words, tap, headers)
    return await _whole(words, tap, headers), None


async def words_of(answer: aiohttp.ClientResponse) -> Words:
    """Raise Down where what comes is no answer of a model, but a page for people perhaps."""
    kind = answer.content_type
    if kind == STREAM or kind.endswith("json"):
        return Words(answer, answer.headers.get("content-type", kind))
    if kind in _UNTYPED:
        first = await _beginning(answer)
        if first.lstrip().startswith(b"{"):
            return Words(answer, JSON, first)
        if first.lstrip().startswith((b"data:", b"event:", b":")):
            return Words(answer, STREAM, first)
    what = "an HTML page" if "html" in kind else kind[:100]
    raise Down(f"answers {what}, not a model's words: its address may be wrong")


async def _beginning(answer: aiohttp.ClientResponse) -> bytes:
    """Read until something is there that can be seen; blanks keep some connections open."""
    read = b""
    with _whole_or_down():
        async for piece in answer.content.iter_any():
            read += piece
            if read.strip() or len(read) > MOST_ANSWER:
                break
    return read


async def _whole(words: Words, tap: Tap, headers: dict[str, str]) -> web.StreamResponse:
    pieces, size = [], 0
    with _whole_or_down():
        async for piece in words.pieces():
            pieces.append(piece)
            size += len(piece)
            if size > MOST_ANSWER:
                raise Down(f"answers more than {MOST_ANSWER >> 20} MB")
        body = b"".join(pieces)
        tap.whole(body)
    return web.Response(body=body, headers=headers)


@contextmanager
def _whole_or_down() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise Down("stopped in the middle of its answer") from error
    except aiohttp.ClientError as error:
        raise CutOff(f"cut its answer off ({type(error).__name__})") from error
    except Leak as error:
        raise Down(str(error)) from error
    except (ValueError, RecursionError) as error:
        raise Down("answers what is no JSON") from error


async def _stream(
    request: web.Request, words: Words, tap: Tap, headers: dict[str, str]
) -> tuple[web.StreamResponse, str | None]:
    response = web.StreamResponse(headers={**headers, "cache-control": "no-cache"})
    await response.prepare(request)
    error = await _copy(words, response, tap)
    if error is not None and request.transport is not None:
        request.transport.abort()  # cut, as the answer was: a clean end would hide it
    return response, error


async def _copy(words: Words, response: web.StreamResponse, tap: Tap) -> str | None:
    """Copy a stream; say what ended it before its time."""
    try:
        async for piece in words.pieces():
            lines = tap.feed(piece)
            if lines:
                await response.write(lines)
        rest = tap.end()
        if rest:
            await response.write(rest)
        await response.write_eof()
    except ConnectionResetError:
        return "the agent hung up in the middle of the answer"
    except TimeoutError:
        return "the endpoint stopped in the middle of its answer"
    except aiohttp.ClientError as error:
        return f"the endpoint cut its answer off ({type(error).__name__})"
    except Leak as leak:
        return str(leak)
    return None
