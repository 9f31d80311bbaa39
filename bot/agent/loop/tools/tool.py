"""What a tool is: a name and a schema for the model, arguments as a type, a call for us."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from bot.agent.clock import Clock
from bot.agent.loop.tree import Tree
from bot.agent.runtime import AgentContext
from bot.box import TREE
from bot.runs import Json, Record


class Refused(Exception):
    """The call cannot be carried out; the text tells the model why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    text: str
    """For the model."""
    ok: bool = True
    changed: tuple[str, ...] = ()
    """Paths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where tools work."""

    context: AgentContext
    tree: Tree
    clock: Clock
    """Commands end before it does."""
    place: str = TREE
    """Where commands find the worktree."""

    def seconds(self, wanted: float) -> float:
        return max(0.1, min(wanted, self.clock.left))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    name: str
    description: str
    schema: Mapping[str, Json]
    """JSON Schema of the arguments."""
    parse: Callable[[Mapping[str, Any]], Any]
    """Raises ValidationError or Refused."""
    call: Callable[[Desk, Any], Awaitable[Result]]
    title: Callable[[Mapping[str, Any]], str]
    """What people see of a call."""
    writes: bool = False
    """Not for roles that only look."""
    command: Callable[[Mapping[str, Any]], str | None] = field(default=lambda _: None)
    """The shell command of a call, where it is one: the guard judges it."""


def tool(
    name: str,
    arguments: type[Record],
    call: Callable[[Desk, Any], Awaitable[Result]],
    *,
    shows: str,
    writes: bool = False,
    command: str | None = None,
) -> Tool:
    """Make a tool of a record of arguments, whose docstring describes it to the model.

    ``shows`` is the argument that its title shows, ``command`` the one that is a shell command.
    """
    schema = arguments.model_json_schema()
    description = " ".join((schema.pop("description", "") or "").split())
    schema.pop("title", None)
    for each in schema["properties"].values():
        each.pop("title", None)
    return Tool(
        name=name,
        description=description,
        schema=schema,
        parse=arguments.model_validate,
        call=call,
        title=lambda given: f"{name} {_line(given.get(shows, ''))}".strip(),
        writes=writes,
        command=lambda given: _words(given.get(command or "")),
    )


def problems(error: ValidationError) -> str:
    """Put into words what is wrong with arguments."""
    found = [
        f"{'.'.join(map(str, each['loc'])) or 'arguments'}: {each['msg']}"
        for each in error.errors(include_url=False, include_input=False)
    ]
    return "; ".join(found)[:2000]


def _words(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _line(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 200 else f"{text[:199]}…"
