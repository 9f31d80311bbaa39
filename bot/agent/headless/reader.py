"""What is common to all readers of headless agents' lines."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

from bot.agent.runtime import AgentEvent, Usage
from bot.runs import Json


class Reader(ABC):
    """Turns an agent's lines into events, and remembers how it says that it ended."""

    def __init__(self) -> None:
        self.finished = False
        """It told of its own end: without that, something cut it off."""
        self.failure: str | None = None
        """Why it gave up, in its own words."""
        self._titles: dict[str, str] = {}

    @abstractmethod
    def read(self, line: dict[str, Json]) -> Iterator[AgentEvent]:
        """Yield the events of a line; lines that it does not know are nobody's fault."""

    def _begin(self, id: str, title: str) -> None:
        if len(self._titles) < 5000:
            self._titles[id] = title

    def _title(self, id: str) -> str:
        return self._titles.pop(id, "")


def text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def table(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def items(value: Json) -> list[dict[str, Json]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def usage(input: Json, output: Json, usd: Json = None) -> Usage:
    """Make it of what it says, which may be anything."""
    tokens = [n if isinstance(n, int) and 0 <= n < 10**12 else 0 for n in (input, output)]
    cost = float(usd) if isinstance(usd, int | float) and 0 <= usd < 10**6 else None
    return Usage(input_tokens=tokens[0], output_tokens=tokens[1], usd=cost)
