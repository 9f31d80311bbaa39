"""The lines of `codex exec --json`."""

from collections.abc import Iterator

from bot.agent.headless.reader import Reader, items, table, text, usage
from bot.agent.runtime import (
    AgentEvent,
    FileChanged,
    Message,
    Planned,
    Thought,
    ToolFinished,
    ToolStarted,
    Warned,
)
from bot.runs import Json


class Codex(Reader):
    def read(self, line: dict[str, Json]) -> Iterator[AgentEvent]:
        match line.get("type"):
            case "item.started" | "item.updated" | "item.completed" as when:
                yield from self._item(table(line.get("item")), ended=when == "item.completed")
            case "turn.completed":
                self.finished = True
                used = table(line.get("usage"))
                yield usage(used.get("input_tokens"), used.get("output_tokens"))
            case "turn.failed":
                self.failure = text(table(line.get("error")).get("message"))
            case "error":
                yield Warned(text=text(line.get("message")))

    def _item(self, item: dict[str, Json], *, ended: bool) -> Iterator[AgentEvent]:
        match item.get("type"):
            case "agent_message" if ended:
                yield Message(text=text(item.get("text")))
            case "reasoning" if ended:
                yield Thought(text=text(item.get("text")))
            case "todo_list":
                entries = (
                    text(entry.get("text"))[:300] for entry in items(item.get("items"))[:100]
                )
                yield Planned(entries=tuple(entries))
            case "error" if ended:
                yield Warned(text=text(item.get("message")))
            case "command_execution":
                yield from self._command(item, ended=ended)
            case "file_change" if ended:
                for change in items(item.get("changes"))[:100]:
                    yield FileChanged(path=text(change.get("path"))[:500])

    def _command(self, item: dict[str, Json], *, ended: bool) -> Iterator[AgentEvent]:
        id, command = text(item.get("id")), text(item.get("command"))
        if id not in self._titles:
            self._begin(id, command)
            yield ToolStarted(title=command, id=id, arguments={"command": command})
        if ended:
            came_out = text(item.get("aggregated_output"))
            ok = item.get("status") == "completed"
            yield ToolFinished(title=self._title(id), ok=ok, detail=came_out, id=id)
