"""Requests and replies as no API in particular puts them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.scripted_model.scenario import Usage

CALL_ID = re.compile(r"call_(\d+)")
PIECE = 24  # characters of a stream's pieces


class NotUnderstood(Exception):
    """The request is not what the API describes; the text says what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool that the agent offers."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Its JSON Schema."""
    form: str = "function"
    """`custom` takes free text, `local_shell` is OpenAI's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    model: str
    stream: bool
    prompt: str
    """System and user texts."""
    tools: Mapping[str, Tool] = field(default_factory=dict)
    results: tuple[str, ...] = ()
    """What the tools said, in order."""
    result_ids: tuple[str, ...] = ()
    said: int = 0
    """Answers without a call since the last result."""
    schema: Mapping[str, Any] | None = None
    """Of the answer that is asked for; empty: any JSON."""
    wants_usage: bool = True
    """Does a stream carry it?"""

    @property
    def step(self) -> int:
        """Count results; where an agent dropped old ones our ids still tell."""
        found = (CALL_ID.search(each) for each in self.result_ids)
        return max([len(self.results), *(int(each[1]) + 1 for each in found if each)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A tool to be called."""

    id: str
    tool: Tool
    arguments: Mapping[str, Any]
    """Of a `custom` tool: its text as `input`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    id: str
    text: str = ""
    call: Call | None = None
    usage: Usage

    @property
    def pieces(self) -> Iterator[str]:
        return cut(self.text)


def cut(text: str) -> Iterator[str]:
    """Cut a text as streams do."""
    return (text[n : n + PIECE] for n in range(0, len(text), PIECE))
