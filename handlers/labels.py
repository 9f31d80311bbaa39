"""Labels that shape a run: `coppice:agent=codex`, `coppice:budget=2usd`, `coppice:priority=1`, …"""

import asyncio
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from bot.errors import UserError
from bot.github.markdown import code
from bot.runs import Permission, Person, RepositoryRef
from handlers.context import Context
from handlers.payloads import Issue

PREFIX = "coppice:"
PLAN = f"{PREFIX}plan"
APPROVE = f"{PREFIX}approve"
REVIEW = f"{PREFIX}review"
CHOICES = {
    "agent": r"[a-z][a-z0-9-]{0,39}",
    "model": r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}",
    "pipeline": r"[a-z][a-z0-9-]{0,39}",
    "budget": r"[0-9.a-zA-Z,]{2,60}",
    "publish": r"comment|patch|branch|pr",
    "priority": r"-?[0-9]",
}
CHOSEN = {
    "agent": "the agent, among those that the operator allows",
    "model": "the model endpoint of the operator",
    "pipeline": "the pipeline",
    "budget": "what the run may spend, such as `2usd` or `2usd,30min`",
    "publish": "how far it goes: `comment`, `patch`, `branch` or `pr`",
    "priority": "whether it goes first among queued runs: a digit, higher goes first",
}
"""What each chooses, in words."""
_CHOICE = re.compile(rf"{PREFIX}([\w-]+)=(.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What labels choose, by key, and those that choose nothing, with the reason for each."""

    settings: Mapping[str, str]
    ignored: tuple[str, ...] = ()


async def by_labels(
    repository: RepositoryRef, issue: Issue, context: Context, given: Collection[str] = ()
) -> Chosen:
    """Read what labels on the issue choose for its run, beside what was ``given`` for it.

    A label counts only if somebody with write access put it on: people with less may label too.
    Raises UserError where one that counts means nothing: a typing error must not choose the rest.
    """
    found = {
        label.name: match for label in issue.labels if (match := _CHOICE.fullmatch(label.name))
    }
    if not found:
        return Chosen({})
    by = await context.github.labelled_by(repository, issue.number)
    held = await _permissions((by[name] for name in found if name in by), repository, context)
    counting = [m for name, m in found.items() if name in by and held[by[name]].may_write]
    pairs = [(match[1].lower(), match[2]) for match in counting]
    return Chosen(
        _settings((key, value) for key, value in pairs if key not in given),
        tuple(
            _ignored(name, by.get(name), held)
            for name in found
            if name not in by or not held[by[name]].may_write
        ),
    )


def _settings(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Take each for what it says; raises UserError where two say different things of one."""
    found: dict[str, str] = {}
    for key, value in pairs:
        other = found.setdefault(key, _value(key, value))
        if other != value:
            both = " and ".join(code(f"{PREFIX}{key}={each}") for each in (other, value))
            raise UserError(f"Of the labels {both}, one has to go.")
    return found


def _ignored(label: str, by: Person | None, held: Mapping[Person, Permission]) -> str:
    """Say why a label chooses nothing."""
    if by is None:
        return f"{code(label)}: nobody knows who put it on"
    has = "no access" if held[by] is Permission.NONE else held[by]
    return f"{code(label)} by {code(by.login)}, who has {has}; it takes write access"


def _value(key: str, value: str) -> str:
    label = code(f"{PREFIX}{key}={value}")
    if key not in CHOICES:
        near = get_close_matches(key, CHOICES, n=1)
        hint = f" Did you mean `{PREFIX}{near[0]}=…`?" if near else ""
        raise UserError(f"The label {label} means nothing.{hint}")
    if not re.fullmatch(CHOICES[key], value):
        raise UserError(f"The label {label} is to say {CHOSEN[key]}.")
    return value


async def _permissions(
    people: Iterable[Person], repository: RepositoryRef, context: Context
) -> dict[Person, Permission]:
    asked = list(dict.fromkeys(people))
    ask = context.github.permission
    held = await asyncio.gather(*(ask(repository, person) for person in asked))
    return dict(zip(asked, held, strict=True))
