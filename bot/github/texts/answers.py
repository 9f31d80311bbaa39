"""Refusals and answers: what it was, the rule, who may or what to type."""

import re
from collections.abc import Mapping, Sequence

from bot.github.markdown import cell, code, line, prose
from bot.runs import Permission, Record, Run, RunStatus, StageRecord

_MAY_WRITE = "write access"
_REFUSED = re.compile(r"^Not started: \[?`([^`\n]*)` by ", re.MULTILINE)


class Starters(Record):
    """Who may start runs beside people with write access."""

    teams: tuple[str, ...] = ()
    unread: bool = False
    """The App may not see who is on them."""


ONLY_WRITERS = Starters()


def needs_write(
    asked: str, by: str, has: Permission, url: str | None = None, also: Starters = ONLY_WRITERS
) -> str:
    """Refuse somebody who may not start runs; ``asked`` is a command, or the label put on."""
    named = [f"to be on team {code(team)}" for team in also.teams]
    rule = " or ".join([_MAY_WRITE, *(named if not also.unread else ())])
    start = f"Not started: {_asked(asked, by, url)} needs {rule}; {_held(by, has)}."
    if named and also.unread:
        start += (
            f" It is enough {' or '.join(named)}, but the App cannot see who is: it needs the"
            " organisation permission *Members: read*. Whoever registered the App adds it, an owner"
            " of the organisation accepts it."
        )
    return f"{start}\n\n- [ ] Start it for {code(by)} ({_MAY_WRITE})"


def refused(text: str) -> str | None:
    """The command or label that a refusal of ours names; None: it is no such refusal."""
    found = _REFUSED.search(text)
    return found[1] if found else None


def needs(asked: str, by: str, has: Permission, access: str, url: str | None = None) -> str:
    """Refuse somebody who may not steer; ``access`` is what it takes."""
    return f"Not done: {_asked(asked, by, url)} needs {access} access; {_held(by, has)}."


def not_done(asked: str, by: str, reason: str, url: str | None = None) -> str:
    """Refuse a command that makes no sense now: what it was, and why; ``reason`` is harmless."""
    return f"{_asked(asked, by, url)}: {reason}"


def already_working(run: Run, stage: StageRecord | None) -> str:
    """One living run for each issue: say what the one that is in the way is at."""
    if run.following:
        return (
            f"Run `{run.short_id}` follows its pull request #{run.pull_request}{_status(run)}."
            " `/coppice retry` makes one more round on it."
        )
    waits = run.status is RunStatus.WAITING
    doing = "waits for a word of yours" if waits else "is working on this"
    if stage is not None and not waits:
        doing = f"is at {stage.name}, attempt {stage.attempt}"
    approve = "`/coppice approve` lets it go on, " if waits else ""
    return f"Run `{run.short_id}` {doing}{_status(run)}. {approve}`/coppice stop` ends it."


def _status(run: Run) -> str:
    url = run.work.status_comment_url
    return f" ([status]({url}))" if url else ""


def unknown_command(verb: str, nearest: str | None) -> str:
    """Answer a command that there is not."""
    hint = f" Did you mean `/coppice {nearest}`?" if nearest else ""
    return (
        f"There is no {code(f'/coppice {line(verb, 40)}')}.{hint} `/coppice help` lists them all."
    )


class Listed(Record):
    """A command as the help lists it."""

    usage: str
    summary: str
    who: str
    where: str
    example: str


def help_text(commands: Sequence[Listed], settings: Mapping[str, str]) -> str:
    """List the commands from their registry, and the `key=value` words that they take."""
    head = "Each stands on a line of its own in a comment; any other words are a note to the run."
    taken = [f"- `{key}=`: {summary}" for key, summary in settings.items()]
    return "\n\n".join([head, commands_table(commands), "\n".join(taken)])


def commands_table(commands: Sequence[Listed]) -> str:
    """Put what a command is, who may give it and where, in a row each."""
    rows = [
        f"| {cell(code(each.usage))} | {each.summary} | {each.who} | {each.where} "
        f"| {cell(code(each.example))} |"
        for each in commands
    ]
    return "\n".join(["| write | and | who | on | such as |", "|---|---|---|---|---|", *rows])


def unreadable(path: str, reason: str) -> str:
    """Say what is wrong in the repository's configuration."""
    return f"{code(path)} on the default branch cannot be read. {reason}"


def not_started(reason: str, again: str) -> str:
    """Say that nothing began, and what to type once the reason is gone."""
    return f"Not started: {prose(reason)}\n\nOnce that is mended, `{again}` starts it."


def _held(by: str, has: Permission) -> str:
    return f"{code(by)} has none" if has is Permission.NONE else f"{code(by)} has {has}"


def _asked(asked: str, by: str, url: str | None) -> str:
    what = f"{code(asked)} by {code(by)}"
    return f"[{what}]({url})" if url else what
