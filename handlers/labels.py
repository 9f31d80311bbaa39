"""Labels that shape a run: `coppice:agent=codex`, `coppice:budget=2usd`, `coppice:priority=1`, …"""

import asyncio
import re
from collections.abc import Collection, Iterable
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


async def by_labels(
    repository: RepositoryRef, issue: Issue, context: Context, given: Collection[str] = ()
) -> dict[str, str]:
    """Read what labels on the issue choose for its run, beside what was ``given`` for it.

    A label counts only if somebody with write access put it on: people with less may label too.
    Raises UserError where one that counts means nothing: a typing error must not choose the rest.
    """
    found = {
        label.name: match for label in issue.labels if (match := _CHOICE.fullmatch(label.name))
    }
    if not found:
        return {}
    by = await context.github.labelled_by(repository, issue.number)
    held = await _permissions((by[name] for name in found if name in by), repository, context)
    counting = [m for name, m in found.items() if name in by and held[by[name]].may_write]
    pairs = [(match[1].lower(), match[2]) for match in counting]
    return {key: _value(key, value) for key, value in pairs if key not in given}


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
