"""The lines of `claude -p --output-format stream-json`."""

from collections.abc import Iterator

from bot.agent.headless.reader import Reader, items, table, text, usage
from bot.agent.runtime import (
    AgentEvent,
    FileChanged,
    Message,
    Started,
    Thought,
    ToolFinished,
    ToolStarted,
)
from bot.runs import Json

_FILES = {"Write": "file_path", "Edit": "file_path", "NotebookEdit": "notebook_path"}


class Claude(Reader):
    def __init__(self) -> None:
        super().__init__()
        self._changes: dict[str, str] = {}

    def read(self, line: dict[str, Json]) -> Iterator[AgentEvent]:
        match line.get("type"):
            case "system" if line.get("subtype") == "init":
                yield Started(agent=f"claude {text(line.get('claude_code_version'))}".strip()[:100])
            case "assistant":
                for block in items(table(line.get("message")).get("content")):
                    yield from self._said(block)
            case "user":
                for block in items(table(line.get("message")).get("content")):
                    yield from self._came_back(block)
            case "result":
                yield from self._ended(line)

    def _said(self, block: dict[str, Json]) -> Iterator[AgentEvent]:
        match block.get("type"):
            case "text":
                yield Message(text=text(block.get("text")))
            case "thinking":
                yield Thought(text=text(block.get("thinking")))
            case "tool_use":
                id, name = text(block.get("id")), text(block.get("name"))
                arguments = table(block.get("input"))
                title = text(arguments.get("command")) or name
                self._begin(id, title)
                if name in _FILES and len(self._changes) < 5000:
                    self._changes[id] = text(arguments.get(_FILES[name]))[:500]
                yield ToolStarted(title=title, id=id, arguments=arguments)

    def _came_back(self, block: dict[str, Json]) -> Iterator[AgentEvent]:
        if block.get("type") != "tool_result":
            return
        id, content = text(block.get("tool_use_id")), block.get("content")
        detail = (
            content
            if isinstance(content, str)
            else "\n".join(text(part.get("text")) for part in items(content))
        )
        ok = block.get("is_error") is not True
        yield ToolFinished(title=self._title(id), ok=ok, detail=detail, id=id)
        changed = self._changes.pop(id, "")
        if ok and changed:
            yield FileChanged(path=changed)

    def _ended(self, line: dict[str, Json]) -> Iterator[AgentEvent]:
        used = table(line.get("usage"))
        names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
        counts = [used.get(name) for name in names]
        total = sum(n for n in counts if isinstance(n, int) and n > 0)
        yield usage(total, used.get("output_tokens"), line.get("total_cost_usd"))
        self.finished = True
        if line.get("is_error") is True or line.get("subtype") != "success":
            self.failure = text(line.get("result")) or f"it ended with {line.get('subtype')}"
