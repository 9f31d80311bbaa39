"""Which issues a text names: `#7`, `owner/name#7`, addresses; and which a pull request closes."""

import re
from collections.abc import Iterator

from bot.forge.actors import Actor
from bot.forge.house import House
from bot.forge.records import Issue, PullRequest, Repository, TimelineEvent
from bot.forge.state import State

REPOSITORY = r"[\w.-]{1,39}/[\w.-]{1,100}"
PAGE = rf"https?://[^\s/]{{1,100}}/(?P<page>{REPOSITORY})/(?:issues|pull)/"
NAMED = rf"(?:(?P<name>{REPOSITORY})?#|{PAGE})(?P<n>\d{{1,9}})\b"
MENTION = re.compile(rf"(?<![\w/`#])(?:{NAMED})")
CLOSING = re.compile(rf"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:{NAMED})", re.IGNORECASE)
CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|<!--.*?(?:-->|\Z)", re.DOTALL)


def _found(
    state: State, repository: Repository, pattern: re.Pattern[str], text: str | None
) -> Iterator[Issue]:
    for match in pattern.finditer(CODE.sub("", text or "")):
        name = match["name"] or match["page"]
        where = state.repository(name) if name else repository
        issue = where.issues.get(int(match["n"])) if where else None
        if issue:
            yield issue


def mentioned(state: State, repository: Repository, text: str | None) -> list[Issue]:
    """The issues and pull requests that a text names, outside of code and hidden comments."""
    return list(dict.fromkeys(_found(state, repository, MENTION, text)))


def closing(state: State, pull: PullRequest) -> list[Issue]:
    """The issues that a pull request closes once merged; only one to the default branch does."""
    repository = pull.issue.repository
    if pull.base_ref != repository.default_branch:
        return []
    found = dict.fromkeys(_found(state, repository, CLOSING, pull.issue.body))
    return [issue for issue in found if issue.pull is None]


def note_mentions(house: House, actor: Actor, source: Issue, text: str | None) -> None:
    """Put a `cross-referenced` line into the timeline of what is named, once for each source."""
    for issue in mentioned(house.state, source.repository, text):
        known = any(event.source is source for event in issue.events)
        if issue is source or known:
            continue
        issue.events.append(
            TimelineEvent(
                id=house.state.new_id(),
                event="cross-referenced",
                actor=actor.user,
                app=actor.app,
                created_at=house.state.now(),
                source=source,
            )
        )
