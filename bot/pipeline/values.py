"""The values that a repository's configuration is made of: names, terms, branches, short forms."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from bot.errors import UserError
from bot.runs.spending import parse_budget

_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,49}$")]
Command = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Models = Annotated[tuple[Name, ...], Field(strict=False, max_length=10)]
Starter = Annotated[
    str, StringConstraints(pattern=r"^(write|triage|team:[A-Za-z0-9][A-Za-z0-9._-]{0,99})$")
]
Term = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,2}(s|min|h|d)$")]


def _branch(name: str) -> str:
    """Refuse what ``git check-ref-format`` refuses, and what a command line could take amiss."""
    if re.search(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)", name):
        raise ValueError("is not a name that a branch can have")
    if name[0] in "-./" or name[-1] in "./" or name == "@":
        raise ValueError("is not a name that a branch can have")
    return name


def branch(name: str) -> str:
    """Take the name of a branch from a person; raises UserError where none can be called so."""
    try:
        return _branch(name)
    except (ValueError, IndexError) as error:
        raise UserError(f"`{name[:100]}` {error}.") from error


def budget_of(value: object) -> object:
    if not isinstance(value, str):
        return value
    return parse_budget(value).model_dump(exclude_none=True)


def base_of(value: object) -> object:
    if not isinstance(value, str):
        return value
    return {"follow": True} if value == "follow" else {"branch": _branch(value or "-")}


def choice_of(value: object) -> object:
    return {"models": value} if isinstance(value, list) else value


def seconds(term: str) -> int:
    """Read `90s`, `30min`, `12h` or `14d`."""
    number = term.rstrip("smindh")
    return int(number) * _UNITS[term.removeprefix(number)]


Branch = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_branch)]


def _path(path: str) -> str:
    if ".." in path.split("/"):
        raise ValueError("is not a path within the repository")
    return path


RepositoryPath = Annotated[
    str,
    StringConstraints(pattern=r"^[\w.-]+(/[\w.-]+)*$", max_length=200),
    AfterValidator(_path),
]
