"""Refusals and answers: what it was, the rule, who may or what to type."""

import re
from collections.abc import Sequence

from bot.github.markdown import code, line, prose
from bot.runs import Permission, Run

_MAY_WRITE = "write access"
_REFUSED_RUN = re.compile(r"^Not started: \[?`/coppice run([^`\n]*)` by ", re.MULTILINE)


def needs_write(asked: str, by: str, has: Permission, url: str | None = None) -> str:
    """Refuse somebody without write access; ``asked`` is a command, or the label put on."""
    has_it = f"{code(by)} has none" if has is Permission.NONE else f"{code(by)} has {has}"
    start = f"Not started: {_asked(asked, by, url)} needs {_MAY_WRITE}; {has_it}."
    return f"{start}\n\n- [ ] Start it for {code(by)} ({_MAY_WRITE})"


def refused_words(text: str) -> tuple[str, ...]:
    """The words of the `/coppice run` that a refusal of ours names; empty for a label."""
    found = _REFUSED_RUN.search(text)
    return tuple(found[1].split()) if found else ()


def not_done(asked: str, by: str, reason: str, url: str | None = None) -> str:
    """Refuse a command that makes no sense now: what it was, and why."""
    return f"{_asked(asked, by, url)}: {prose(reason)}"


def already_working(run: Run) -> str:
    """One living run for each issue: name the one that is in the way."""
    where = f" ([status]({run.work.status_comment_url}))" if run.work.status_comment_url else ""
    return f"Run `{run.short_id}` is working on this{where}. `/coppice stop` ends it."


def unknown_command(verb: str, nearest: str | None) -> str:
    """Answer a command that there is not."""
    hint = f" Did you mean `/coppice {nearest}`?" if nearest else ""
    return (
        f"There is no {code(f'/coppice {line(verb, 40)}')}.{hint} `/coppice help` lists them all."
    )


def help_text(commands: Sequence[tuple[str, str]]) -> str:
    """List the commands: usage and one sentence each, from their registry."""
    rows = [f"| {code(usage)} | {summary} |" for usage, summary in commands]
    head = "People with write access steer Coppice by a line of its own in a comment:"
    return "\n".join([head, "", "| write | and |", "|---|---|", *rows])


def configuration_refused(path: str, reason: str) -> str:
    """Say what is wrong in the repository's configuration and that nothing began."""
    return f"Not started: {code(path)} on the default branch cannot be read. {prose(reason)}"


def _asked(asked: str, by: str, url: str | None) -> str:
    what = f"{code(asked)} by {code(by)}"
    return f"[{what}]({url})" if url else what
