"""Pass an answer on to the agent as it comes, and let the tap read it."""

import aiohttp
from aiohttp import web

from bot.agent.gateway.tap import Leak, Tap
from bot.agent.gateway.upstream import Down

MOST_ANSWER = 64 * 2**20
STREAM = "text/event-stream"
_KEPT_HEADERS = ("request-id", "x-request-id")


async def pass_on(
    request: web.Request, answer: aiohttp.ClientResponse, tap: Tap
) -> tuple[web.StreamResponse, str | None]:
    """Answer the agent; also say what went wrong after the answer began, if anything did.

    Raises Down where the answer is not whole.
    """
    kept = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
    headers = {**kept, "content-type": answer.headers.get("content-type", "")}
    if answer.content_type == STREAM:
        return await _stream(request, answer, tap, headers)
    return await _whole(answer, tap, headers), None


def require_words(answer: aiohttp.ClientResponse) -> None:
    """Raise Down where what comes is no answer of a model, but a page for people perhaps."""
    kind = answer.content_type
    if kind != STREAM and not kind.endswith("json"):
        what = "an HTML page" if "html" in kind else kind[:100]
        raise Down(f"answers {what}, not a model's words: its address may be wrong")


async def _whole(
    answer: aiohttp.ClientResponse, tap: Tap, headers: dict[str, str]
) -> web.StreamResponse:
    pieces, size = [], 0
    try:
        async for piece in answer.content.iter_any():
            pieces.append(piece)
            size += len(piece)
            if size > MOST_ANSWER:
                raise Down(f"answers more than {MOST_ANSWER >> 20} MB")
        body = b"".join(pieces)
        tap.whole(body)
    except TimeoutError as error:
        raise Down("stopped in the middle of its answer") from error
    except aiohttp.ClientError as error:
        raise Down(f"cut its answer off ({type(error).__name__})") from error
    except Leak as error:
        raise Down(str(error)) from error
    except (ValueError, RecursionError) as error:
        raise Down("answers what is no JSON") from error
    return web.Response(body=body, headers=headers)


async def _stream(
    request: web.Request, answer: aiohttp.ClientResponse, tap: Tap, headers: dict[str, str]
) -> tuple[web.StreamResponse, str | None]:
    response = web.StreamResponse(headers={**headers, "cache-control": "no-cache"})
    await response.prepare(request)
    error = await _copy(answer, response, tap)
    if error is not None and request.transport is not None:
        request.transport.abort()  # cut, as the answer was: a clean end would hide it
    return response, error


async def _copy(
    answer: aiohttp.ClientResponse, response: web.StreamResponse, tap: Tap
) -> str | None:
    """Copy a stream; say what ended it before its time."""
    try:
        async for piece in answer.content.iter_any():
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
