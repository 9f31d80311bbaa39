"""What an ACP agent tells while it works, as our events."""

import json
from collections.abc import Iterator, Mapping

from acp import schema
from pydantic import BaseModel, ValidationError

from bot.agent.runtime import (
    AgentEvent,
    FileChanged,
    Message,
    Planned,
    Thought,
    ToolFinished,
    ToolStarted,
    Usage,
    Warned,
)
from bot.runs import Json

_KINDS: Mapping[str, type[BaseModel]] = {
    "tool_call": schema.ToolCallStart,
    "tool_call_update": schema.ToolCallProgress,
    "plan": schema.AgentPlanUpdate,
    "usage_update": schema.UsageUpdate,
}
_SPEECH: Mapping[str, type[Message] | type[Thought]] = {
    "agent_message_chunk": Message,
    "agent_thought_chunk": Thought,
}
_WAITS = "pending"
_ENDED = ("completed", "failed")
_EDITS = ("edit", "delete", "move")
MOST_CALLS = 5000
"""Calls of tools that are remembered at once."""

Contents = list[
    schema.ContentToolCallContent | schema.FileEditToolCallContent | schema.TerminalToolCallContent
]


class Updates:
    """Turns updates into events; knows the calls that have begun and not ended.

    A call that is `pending` is told once its arguments are there: most agents tell it without
    them first. They are when it goes on or ends, permission is asked, or the next thing comes.
    """

    def __init__(self) -> None:
        self._open: dict[str, schema.ToolCallStart] = {}
        self._pending: str | None = None
        """The call that is not told yet."""
        self._warned = False

    def read(self, update: Json) -> Iterator[AgentEvent]:
        """Yield the events of one update; kinds that we do not know are nobody's fault."""
        kind = update.get("sessionUpdate") if isinstance(update, dict) else None
        if isinstance(kind, str) and kind in _SPEECH:
            yield from self.rest()
            yield from _spoken(_SPEECH[kind], update.get("content"))
            return
        if isinstance(kind, str) and kind not in _KINDS:
            return
        try:
            told = _KINDS[str(kind)].model_validate(update)
        except (KeyError, ValidationError):
            yield from self._strange(update)
            return
        yield from self._events(told)

    def asked(self, call: schema.ToolCallUpdate) -> Iterator[AgentEvent]:
        """Take note of a call that permission is asked for; some begin by that."""
        if call.tool_call_id not in self._open:
            told = call.model_dump(exclude={"status"}) | {"title": call.title or ""}
            yield from self._started(
                schema.ToolCallStart.model_validate(told | {"session_update": "tool_call"})
            )
        elif not (known := self._open[call.tool_call_id]).raw_input and call.raw_input:
            self._open[call.tool_call_id] = known.model_copy(update={"raw_input": call.raw_input})
        yield from self.rest()

    def rest(self) -> Iterator[AgentEvent]:
        """Tell the call that is not told yet, as far as it is known."""
        if self._pending is not None:
            call, self._pending = self._open[self._pending], None
            yield _start_of(call)

    def call(self, id: str) -> schema.ToolCallStart | None:
        return self._open.get(id)

    def _events(self, told: BaseModel) -> Iterator[AgentEvent]:
        match told:
            case schema.ToolCallStart():
                yield from self._started(told)
            case schema.ToolCallProgress():
                yield from self._went_on(told)
            case schema.AgentPlanUpdate(entries=entries):
                yield Planned(entries=tuple(entry.content[:300] for entry in entries[:100]))
            case schema.UsageUpdate(cost=cost) if cost is not None and cost.currency == "USD":
                yield Usage(usd=cost.amount)

    def _started(self, told: schema.ToolCallStart) -> Iterator[AgentEvent]:
        if self._pending != told.tool_call_id:
            yield from self.rest()
        known = told.tool_call_id in self._open
        if known or len(self._open) < MOST_CALLS:
            self._open[told.tool_call_id] = told
            if not known and told.status == _WAITS:
                self._pending = told.tool_call_id
        if not known and self._pending is None:
            yield _start_of(told)
        if told.status != _WAITS:
            yield from self.rest()
        yield from self._ended(told)

    def _went_on(self, told: schema.ToolCallProgress) -> Iterator[AgentEvent]:
        if self._pending != told.tool_call_id:
            yield from self.rest()
        known = self._open.get(told.tool_call_id)
        if known is None:
            known = schema.ToolCallStart(
                session_update="tool_call", tool_call_id=told.tool_call_id, title=told.title or ""
            )
        given = {name: getattr(told, name) for name in ("title", "kind", "content", "raw_input")}
        given |= {"locations": told.locations, "raw_output": told.raw_output}
        changed = {name: value for name, value in given.items() if value is not None}
        now = known.model_copy(update=changed | {"status": told.status})
        if told.tool_call_id in self._open:
            self._open[told.tool_call_id] = now
        if told.status not in (None, _WAITS):
            yield from self.rest()
        yield from self._ended(now)

    def _ended(self, call: schema.ToolCallStart) -> Iterator[AgentEvent]:
        if call.status not in _ENDED:
            return
        self._open.pop(call.tool_call_id, None)
        ok = call.status == "completed"
        yield ToolFinished(
            title=call.title, ok=ok, detail=_came_out(call), id=call.tool_call_id[:200]
        )
        if ok and call.kind in _EDITS:
            yield from (FileChanged(path=path) for path in _paths(call))

    def _strange(self, update: Json) -> Iterator[AgentEvent]:
        if not self._warned:
            self._warned = True
            yield Warned(text=f"it told something that is no update: {str(update)[:200]}")


def _spoken(kind: type[Message] | type[Thought], content: Json) -> Iterator[AgentEvent]:
    """Read a piece of speech by hand: of nothing else are there so many; pictures are left out."""
    text = content.get("text") if isinstance(content, dict) else None
    if isinstance(text, str):
        yield kind(text=text)


def _start_of(call: schema.ToolCallStart) -> ToolStarted:
    return ToolStarted(title=call.title, id=call.tool_call_id[:200], arguments=_arguments(call))


def _arguments(call: schema.ToolCallStart) -> dict[str, Json]:
    """Give a call's arguments; of who tells none, what it shows to people instead."""
    if call.raw_input:
        return call.raw_input if isinstance(call.raw_input, dict) else {"input": call.raw_input}
    for part in _parts(call):
        if isinstance(part, schema.FileEditToolCallContent):
            old = {"old": part.old_text} if part.old_text else {}
            return {"path": part.path, **old, "new": part.new_text}
    if call.kind == "execute":
        return {"command": call.title}
    return {"path": call.locations[0].path} if call.locations else {}


def _paths(call: schema.ToolCallStart) -> list[str]:
    named = [place.path for place in call.locations or []]
    changed = [
        part.path for part in _parts(call) if isinstance(part, schema.FileEditToolCallContent)
    ]
    return list(dict.fromkeys(path[:500] for path in (*changed, *named)))[:50]


def _came_out(call: schema.ToolCallStart) -> str:
    texts = [
        part.content.text
        for part in _parts(call)
        if isinstance(part, schema.ContentToolCallContent)
        and isinstance(part.content, schema.TextContentBlock)
    ]
    if texts or call.raw_output is None:
        return "\n".join(texts)
    return call.raw_output if isinstance(call.raw_output, str) else json.dumps(call.raw_output)


def _parts(call: schema.ToolCallStart) -> Contents:
    return call.content or []
