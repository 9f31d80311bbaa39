"""What is told of an attempt: events in their order, cut and bounded, and what decides its end."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import replace

from bot.agent.answers import found
from bot.agent.runtime import (
    AgentEvent,
    Finished,
    FinishReason,
    Message,
    PermissionDecided,
    Thought,
    ToolFinished,
    ToolStarted,
    Warned,
)
from bot.runs import Json

WAITING = 64
TEXT = 4000
"""Characters of a text in an event."""
WORDS = 2**20
"""Characters of the last message that are kept for an answer."""
ROOM = 4 * 2**20
"""Characters of all events of an attempt; what comes after is left out."""
ARGUMENTS = 20


class Account:
    def __init__(self) -> None:
        self._queue: asyncio.Queue[AgentEvent] = asyncio.Queue(WAITING)
        self._speech: Message | Thought | None = None
        self._words: deque[str] = deque()
        self._spoken = 0
        self._room = ROOM
        self._denial = ""

    @property
    def denial(self) -> str:
        """Why something was refused that was not made up for since; empty: nothing was."""
        return self._denial

    async def events(self, driver: "asyncio.Task[None]") -> AsyncGenerator[AgentEvent]:
        """Yield what is told until Finished; raises what ``driver`` fails with."""
        while True:
            getter = asyncio.ensure_future(self._queue.get())
            try:
                await asyncio.wait({getter, driver}, return_when=asyncio.FIRST_COMPLETED)
                if not getter.done() and driver.done():
                    await asyncio.sleep(0)  # what was told before the end has come by now
            finally:
                if not getter.done():
                    getter.cancel()
            if not getter.done():
                driver.result()  # raises what it failed with; when it succeeds it has told the end
                return
            event = getter.result()
            yield event
            if isinstance(event, Finished):
                return

    async def say(self, event: Message | Thought) -> None:
        """Take in a piece of speech; pieces of one kind become one event."""
        if isinstance(event, Message):
            self._keep(event.text)
        before = self._speech
        if before is not None and type(before) is type(event):
            self._speech = replace(before, text=before.text + event.text)
        else:
            await self._flush()
            self._speech = event
        if len(self._speech.text if self._speech else "") >= TEXT:
            await self._flush()

    async def tell(self, event: AgentEvent) -> None:
        await self._flush()
        match event:
            case ToolStarted():
                self._words.clear()
                self._spoken = 0
                event = replace(event, title=_cut(event.title, 500), arguments=_small(event))
            case ToolFinished(ok=ok):
                self._denial = "" if ok else self._denial
                event = replace(event, title=_cut(event.title, 500), detail=_cut(event.detail))
            case PermissionDecided(allowed=False, reason=reason):
                self._denial = reason
        await self._put(event)

    async def finish(
        self, reason: FinishReason, message: str = "", *, kind: str | None = None
    ) -> None:
        await self._flush()
        event = Finished(reason=reason, message=_cut(message), kind=kind)
        await self._queue.put(event)

    async def finish_well(self, *, wants_answer: bool) -> None:
        """End what came to its own end: what was refused last, and never made up for, decides."""
        await self._flush()
        words = "".join(self._words)
        last = _cut(words.strip())
        if self._denial:
            event = Finished(reason=FinishReason.DENIED, message=self._denial)
        else:
            event = Finished(reason=FinishReason.DONE, message=last)
        if wants_answer:
            event = replace(event, answer=found(words))
        await self._queue.put(event)

    def _keep(self, text: str) -> None:
        self._words.append(text)
        self._spoken += len(text)
        while self._spoken > WORDS:
            self._spoken -= len(self._words.popleft())

    async def _flush(self) -> None:
        if self._speech is not None:
            speech, self._speech = self._speech, None
            await self._put(replace(speech, text=_cut(speech.text)))

    async def _put(self, event: AgentEvent) -> None:
        if self._room < 0:
            return
        self._room -= len(repr(event))
        if self._room < 0:
            event = Warned(text=f"it told more than {ROOM >> 20} MB; what follows is left out")
        await self._queue.put(event)


def _cut(text: str, most: int = TEXT) -> str:
    """Keep head and tail."""
    text = text.replace("\0", "\ufffd")
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}\n[…]\n{text[-most // 2 :]}"


def _small(event: ToolStarted) -> dict[str, Json]:
    """Keep a tool's arguments readable: texts cut, what is nested as text."""
    pairs = list(event.arguments.items())[:ARGUMENTS]
    return {_cut(str(name), 100): _plain(value) for name, value in pairs}


def _plain(value: Json) -> Json:
    if value is None or isinstance(value, bool | int | float):
        return value
    return _cut(value if isinstance(value, str) else repr(value), 2000)
