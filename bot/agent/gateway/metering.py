"""What a call may come to, and what it came to: by the endpoint's own word, else estimated."""

from dataclasses import dataclass

from bot.agent.gateway.asking import Ask
from bot.agent.gateway.dialect import Dialect
from bot.agent.gateway.tap import Tap
from bot.agent.gateway.tokens import Tokens
from bot.agent.gateway.upstream import Upstream
from bot.store.calls import Call, CallStatus

WORD_BYTES = 3
"""About the fewest bytes that a token has, over a whole request."""
LONGEST_TOKEN = 64
"""An endpoint that counts fewer tokens than one in so many bytes did not count."""
PICTURE_ESTIMATE = 1_600
OVERTIME = "the call took all the time that there was money for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an exchange ended."""

    seconds: float
    error: str | None = None
    complete: bool = True
    """The answer came to its end."""


LEAST_PART = 0.05
"""Of `call_seconds`, for which there has to be money, where a machine is paid by the minute."""
_CEILING = 1.0  # aiohttp ends what takes longer than 5 s at whole seconds


def largest(call: Call, upstream: Upstream, *, given: int, output: int) -> Call:
    """Size a call at the most that it may come to."""
    window = upstream.window
    given = given if window is None else min(given, window)
    tokens = Tokens(input=given, output=output)
    usd = upstream.price.most(tokens, seconds=upstream.endpoint.call_seconds)
    return call.model_copy(update={"input_tokens": given, "output_tokens": output, "usd": usd})


def shorter(call: Call, upstream: Upstream, room: float | None) -> tuple[Call, float]:
    """Give a call of a machine that is paid by the minute no more time than there is money for.

    Also says how many seconds it may take.
    """
    seconds = upstream.endpoint.call_seconds
    minute = upstream.price.minute
    if not minute or call.usd is None or room is None or call.usd <= room:
        return call, seconds
    fixed = call.usd - minute * seconds / 60
    less = min(seconds, max(LEAST_PART * seconds, (room - fixed) / minute * 60))
    shortened = call.model_copy(update={"usd": fixed + minute * less / 60})
    return shortened, less - _CEILING if less > 5 + _CEILING else less


def cut_off(call: Call, upstream: Upstream, seconds: float) -> Call:
    """What a call came to that took all the time that there was money for, without an answer."""
    usd = upstream.price.usd(Tokens(input=0, output=0), seconds=seconds)
    ended = {"status": CallStatus.FAILED, "input_tokens": 0, "output_tokens": 0, "usd": usd}
    return call.model_copy(update={**ended, "seconds": seconds, "error": OVERTIME})


def outcome(
    call: Call, upstream: Upstream, dialect: Dialect, ask: Ask, tap: Tap, end: Ending
) -> Call:
    """Say what a reserved call came to."""
    told = dialect.tokens(tap.usage)
    tokens = told
    if told.input * LONGEST_TOKEN < ask.words:
        guess = ask.words // WORD_BYTES + ask.pictures * PICTURE_ESTIMATE
        tokens = _with_input(tokens, max(told.input, min(call.input_tokens, guess)))
    if not end.complete or not told.output:  # even silence has a token
        tokens = _with_output(tokens, max(told.output, min(ask.output, tap.output_estimate)))
    return call.model_copy(
        update={
            "status": CallStatus.FAILED if end.error else CallStatus.DONE,
            "input_tokens": tokens.input,
            "cached_tokens": tokens.cached,
            "output_tokens": tokens.output,
            "reasoning_tokens": tokens.reasoning,
            "usd": upstream.price.usd(tokens, seconds=end.seconds),
            "estimated": tokens is not told,
            "seconds": end.seconds,
            "error": end.error,
        }
    )


def _with_input(tokens: Tokens, count: int) -> Tokens:
    return Tokens(input=count, output=tokens.output, reasoning=tokens.reasoning)


def _with_output(tokens: Tokens, count: int) -> Tokens:
    return Tokens(
        input=tokens.input,
        cached=tokens.cached,
        written=tokens.written,
        written_hour=tokens.written_hour,
        output=count,
        reasoning=tokens.reasoning,
    )
