"""The lines of `gemini -p --output-format stream-json`."""

from collections.abc import Iterator

from bot.agent.headless.reader import Reader, table, text, usage
from bot.agent.runtime import (
    AgentEvent,
    FileChanged,
    Message,
    ToolFinished,
    ToolStarted,
    Warned,
)
from bot.runs import Json

_FILES = ("write_file", "replace")


class Gemini(Reader):
    def __init__(self) -> None:
        super().__init__()
        self._changes: dict[str, str] = {}

    def read(self, line: dict[str, Json]) -> Iterator[AgentEvent]:
        match line.get("type"):
            case "message" if line.get("role") == "assistant":
                yield Message(text=text(line.get("content")))
            case "tool_use":
                yield from self._called(line)
            case "tool_result":
                yield from self._came_back(line)
            case "error":
                yield Warned(text=text(line.get("message")))
            case "result":
                self.finished = True
                stats = table(line.get("stats"))
                yield usage(stats.get("input_tokens"), stats.get("output_tokens"))
                if line.get("status") != "success":
                    said = text(table(line.get("error")).get("message"))
                    self.failure = said or "it ended with an error"

    def _called(self, line: dict[str, Json]) -> Iterator[AgentEvent]:
        id, name = text(line.get("tool_id")), text(line.get("tool_name"))
        arguments = table(line.get("parameters"))
        title = text(arguments.get("command")) or name
        self._begin(id, title)
        if name in _FILES and len(self._changes) < 5000:
            self._changes[id] = text(arguments.get("file_path"))[:500]
        yield ToolStarted(title=title, id=id, arguments=arguments)

    def _came_back(self, line: dict[str, Json]) -> Iterator[AgentEvent]:
        id, ok = text(line.get("tool_id")), line.get("status") == "success"
        detail = text(line.get("output")) or text(table(line.get("error")).get("message"))
        yield ToolFinished(title=self._title(id), ok=ok, detail=detail, id=id)
        changed = self._changes.pop(id, "")
        if ok and changed:
            yield FileChanged(path=changed)
