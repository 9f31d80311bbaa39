"""The lines of `opencode run --format json`; it has none for its end."""

from collections.abc import Iterator

from bot.agent.headless.reader import Reader, table, text, usage
from bot.agent.runtime import (
    AgentEvent,
    FileChanged,
    Message,
    Thought,
    ToolFinished,
    ToolStarted,
)
from bot.runs import Json

_FILES = ("write", "edit")


class Opencode(Reader):
    def read(self, line: dict[str, Json]) -> Iterator[AgentEvent]:
        part = table(line.get("part"))
        match line.get("type"):
            case "text":
                yield Message(text=text(part.get("text")))
            case "reasoning":
                yield Thought(text=text(part.get("text")))
            case "tool_use":
                yield from self._tool(part)
            case "step_finish":
                self.finished = part.get("reason") != "tool-calls"
                tokens = table(part.get("tokens"))
                yield usage(tokens.get("input"), tokens.get("output"), part.get("cost"))
            case "error":
                error = table(line.get("error"))
                said = text(table(error.get("data")).get("message"))
                self.failure = said or text(error.get("name")) or "it ended with an error"

    def _tool(self, part: dict[str, Json]) -> Iterator[AgentEvent]:
        id, name, state = text(part.get("callID")), text(part.get("tool")), table(part.get("state"))
        arguments, ok = table(state.get("input")), state.get("status") == "completed"
        title = text(arguments.get("command")) or text(state.get("title")) or name
        yield ToolStarted(title=title, id=id, arguments=arguments)
        detail = text(state.get("output")) if ok else text(state.get("error"))
        yield ToolFinished(title=title, ok=ok, detail=detail, id=id)
        if ok and name in _FILES:
            yield FileChanged(path=text(arguments.get("filePath"))[:500])
