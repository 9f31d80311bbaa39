"""Labels that shape a run: `coppice:agent=codex`, `coppice:budget=2usd`, `coppice:priority=1`, …"""

import asyncio
import re

from bot.runs import Permission, RepositoryRef
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
_CHOICE = re.compile(rf"{PREFIX}({'|'.join(CHOICES)})=(.+)", re.IGNORECASE)


async def by_labels(repository: RepositoryRef, issue: Issue, context: Context) -> dict[str, str]:
    """Read what labels on the issue choose for its run.

    A label counts only if somebody with write access put it on: people with less may label too.
    """
    found = {
        label.name: match for label in issue.labels if (match := _CHOICE.fullmatch(label.name))
    }
    if not found:
        return {}
    by = await context.github.labelled_by(repository, issue.number)
    held = await _permissions({by[name] for name in found if name in by}, repository, context)
    return {
        match[1].lower(): match[2]
        for name, match in found.items()
        if name in by and held[by[name]].may_write
        if re.fullmatch(CHOICES[match[1].lower()], match[2])
    }


async def _permissions(
    logins: set[str], repository: RepositoryRef, context: Context
) -> dict[str, Permission]:
    asked = sorted(logins)
    ask = context.github.permission
    held = await asyncio.gather(*(ask(repository, login) for login in asked))
    return dict(zip(asked, held, strict=True))
