"""One question to the model, over whatever goes wrong on the way."""

import asyncio
from dataclasses import dataclass, field

import httpx2
from pydantic_ai.direct import model_request
from pydantic_ai.exceptions import AgentRunError, ModelHTTPError
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings

from bot.agent.clock import Clock
from bot.agent.loop.compaction import FULL, WANTED, compacted, tokens
from bot.agent.loop.halves import without_halves
from bot.agent.loop.transcript import Transcript
from bot.agent.runtime import Finished, FinishReason, ModelSocket, Refusal

WAITS = (0.5, 4.0)
"""Seconds before a question is asked again that got no answer; the gateway waits by itself too."""
OVERFLOWS = 3
MOST_TURNS = 500
_TOO_LONG = ("context", "too long", "too large", "maximum", "exceed", "window")
_TEMPORARY = (408, 409, 429)
BROKEN = (AgentRunError, httpx2.HTTPError, ValueError, TypeError, AttributeError, LookupError)
"""What the libraries raise on an answer that is none; they check little of what they read."""


class Over(Exception):
    """The attempt ends here."""

    def __init__(self, finished: Finished) -> None:
        super().__init__(finished.message)
        self.finished = finished


@dataclass(slots=True, kw_only=True)
class Line:
    """The line to the model of one attempt."""

    model: Model
    socket: ModelSocket
    settings: ModelSettings
    parameters: ModelRequestParameters
    clock: Clock
    turns: int = 0
    warnings: list[str] = field(default_factory=list)
    """For people; taken out by whoever shows them."""

    async def ask(self, transcript: Transcript) -> ModelResponse:
        """Ask for the next answer; raises Over."""
        self._count()
        self._fit(transcript)
        overflows, waits = 0, list(WAITS)
        while True:
            self._require_leave()
            try:
                return await self.clock.bound(self._request(transcript))
            except TimeoutError as error:
                raise Over(self.late()) from error
            except BROKEN as error:
                self._require_leave()
                if _is_overflow(error) and overflows < OVERFLOWS:
                    overflows += 1
                    self._shrink(transcript, tokens(transcript.messages) // 2)
                elif waits and _may_pass(error):
                    self.warnings.append(f"no answer, asking again: {_said(error)}")
                    await asyncio.sleep(min(waits.pop(0), self.clock.left))
                else:
                    raise Over(_failed(error)) from error

    def late(self) -> Finished:
        message = f"time limit of {round(self.clock.seconds, 1):g} s"
        return Finished(reason=FinishReason.LIMIT, message=message)

    async def _request(self, transcript: Transcript) -> ModelResponse:
        heard = await model_request(
            self.model,
            transcript.messages,
            model_settings=self.settings,
            model_request_parameters=self.parameters,
        )
        return without_halves(heard)

    def _count(self) -> None:
        self.turns += 1
        if self.turns > MOST_TURNS:
            message = f"turn limit of {MOST_TURNS}"
            raise Over(Finished(reason=FinishReason.LIMIT, message=message))

    def _require_leave(self) -> None:
        """The gateway's word is the last one."""
        if self.socket.refusal is not None:
            raise Over(refused(self.socket.refusal))
        if not self.clock.left:
            raise Over(self.late())

    def _fit(self, transcript: Transcript) -> None:
        window = self.socket.window
        if window is not None and tokens(transcript.messages) > FULL * window:
            self._shrink(transcript, int(WANTED * window))

    def _shrink(self, transcript: Transcript, wanted: int) -> None:
        before = tokens(transcript.messages)
        transcript.rewrite(compacted(transcript.messages, wanted))
        after = tokens(transcript.messages)
        self.warnings.append(f"context compacted: about {before:,} tokens to {after:,}")


def refused(refusal: Refusal) -> Finished:
    limit = refusal.kind == "budget"
    reason = FinishReason.LIMIT if limit else FinishReason.ERROR
    return Finished(reason=reason, message=refusal.message, kind=refusal.kind)


def _is_overflow(error: Exception) -> bool:
    if not isinstance(error, ModelHTTPError) or error.status_code not in (400, 413, 422):
        return False
    said = str(error).lower()
    return error.status_code == 413 or any(word in said for word in _TOO_LONG)


def _may_pass(error: Exception) -> bool:
    if not isinstance(error, ModelHTTPError):
        return True
    return error.status_code >= 500 or error.status_code in _TEMPORARY


def _failed(error: Exception) -> Finished:
    message = f"the model gives no answer: {_said(error)}"
    return Finished(reason=FinishReason.ERROR, message=message, kind="model_error")


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:500] or type(error).__name__
