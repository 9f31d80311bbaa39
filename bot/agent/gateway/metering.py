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


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an exchange ended."""

    seconds: float
    error: str | None = None
    complete: bool = True
    """The answer came to its end."""


def largest(call: Call, upstream: Upstream, *, given: int, output: int) -> Call:
    """Size a call at the most that it may come to."""
    window = upstream.window
    given = given if window is None else min(given, window)
    tokens = Tokens(input=given, output=output)
    usd = upstream.price.most(tokens, seconds=upstream.endpoint.call_seconds)
    return call.model_copy(update={"input_tokens": given, "output_tokens": output, "usd": usd})


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
