"""The status comment of a run: one comment, edited and never repeated."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bot.github.markdown import code, fence, folded, line, prose
from bot.github.texts import needs, rounds
from bot.github.texts.moments import clock, count, duration, ordinal
from bot.github.texts.money import spent
from bot.github.texts.players import Player, cast, has_label
from bot.github.texts.results import failures
from bot.github.texts.ways import way
from bot.runs import Budget, CommandResult, Publish, Record, Run, RunStatus, Spend

_DOING = {
    "snapshot": "reading the issue",
    "baseline": "running the commands on the base",
    "plan": "planning",
    "rules": "checking the rules",
    "publish": "publishing",
}
_SENTENCE_END = re.compile(r"(?<!\bno)\. (?=[A-Z(`])")
WARNING = 0.8
"""The part of a budget from which on it is said that it is used."""


class Hidden(NamedTuple):
    """A piece of text that no reader of the page sees."""

    where: str
    line: int
    kind: str
    text: str | None
    """Cut; None: it looks like a secret."""


class Given(Record):
    """What the agent was given, and what was left out."""

    at: str
    """ISO 8601."""
    authors: tuple[str, ...] = ()
    """Logins of those whose comments it got."""
    left_out: int = 0
    """Comments by people without write access."""
    changed_later: int = 0
    removed: int = 0
    """Hidden pieces of text that were taken out."""
    hidden: tuple[Hidden, ...] = ()
    """The first of them."""
    text: str | None = None
    """The beginning of what was left, where something was taken out."""


class Status(Record):
    """A run as its status comment and its check run `Coppice` tell of it."""

    run: Run
    agent_label: str | None
    """`SCRIPTED: no model`; None for an agent with a model."""
    other_agents: tuple[Player, ...] = ()
    """Roles that the repository gives to another agent than the run's."""
    stage: str | None = None
    """What it is at."""
    attempt: int = 0
    attempts: int = 0
    since: float | None = None
    """Start of what it is at; a start, because elapsed time goes stale between edits."""
    failed_attempts: tuple[str, ...] = ()
    """Why each attempt failed, in order (Markdown of ours: ``attempt_failed``)."""
    last: tuple[CommandResult, ...] = ()
    """The commands on the newest work."""
    red_head: tuple[CommandResult, ...] = ()
    """Commands that fail on the head of the open pull request."""
    red_base: tuple[CommandResult, ...] = ()
    """Commands that fail on the base already."""
    given: Given | None = None
    asks_ci: bool = True
    """The repository's own CI runs only where somebody asked for it."""
    draft: bool = True
    """Whether the pull request is a draft."""
    note: str | None = None
    """What an effect had to say (`Draft pull requests are not supported …`)."""
    spend: Spend = Spend()
    """What calls of models came to so far."""
    budget: Budget = Budget()
    again: Budget = Budget()
    """What a retry may spend once more."""
    used: float = 0.0
    """The part of the budget that is used; 1.0: all of it."""
    check_url: str | None = None
    has_patch: bool = False
    """There is kept work that `coppice patch` shows."""
    earlier_url: str | None = None
    """Status comment of the run before it."""


def attempt_failed(results: Sequence[CommandResult], message: str = "") -> str:
    """Why an attempt failed: its commands, else the stage's own message."""
    return failures(results) or prose(message)


def status_comment(status: Status) -> str:
    """Write the whole comment, without its marker."""
    parts = [
        _header(status),
        _why(status),
        way(status.run, status.again, asks_ci=status.asks_ci),
        rounds.range_diff(status.run.work.compared),
        _details(status),
    ]
    return "\n\n".join(part for part in parts if part)


def headline(status: Status) -> str:
    """Where the run stands in a few words, without Markdown around it."""
    run = status.run
    if run.status is RunStatus.QUEUED:
        return _before_work(run)
    if run.status is RunStatus.WAITING and run.work.overlaps is not None:
        return "Needs you: another pull request closes this issue"
    if run.status is RunStatus.WAITING:
        amending = run.work.gate is not None and run.work.gate.amendment is not None
        return f"Needs you: approve {'what is beside the plan' if amending else 'the plan below'}"
    if run.status is RunStatus.DONE:
        return _delivered(status)
    if run.status.ended:
        return f"{_ENDINGS[run.status]}: {_first_sentence(status)}"
    return f"Working: {_doing(status)}"


def _before_work(run: Run) -> str:
    """Say that it waits only where it does: else it begins at once, and the comment that says how
    far it is comes some seconds later."""
    if run.work.place:
        return f"Queued: {ordinal(run.work.place)}"
    return "Queued" if run.work.waits_for else "Starting"


_ENDINGS = {
    RunStatus.FAILED: "Stopped",
    RunStatus.BLOCKED: "Blocked",
    RunStatus.CANCELLED: "Stopped",
}


def _header(status: Status) -> str:
    run = status.run
    if run.status is RunStatus.QUEUED and run.work.wait_seconds:
        return f"**{headline(status)}**, about {duration(run.work.wait_seconds)}"
    if not run.status.ended:
        working = status.since and run.status is not RunStatus.WAITING
        since = f", since {clock(status.since)}" if working and status.since else ""
        money = f" · {known}" if (known := spent(status.spend, status.budget)) else ""
        return f"**{headline(status)}**{since}{money}"
    facts = [f"**{headline(status)}**", duration(run.updated_at - run.created_at)]
    if money := spent(status.spend, Budget()):
        facts.append(money)
    if status.check_url:
        facts.append(f"[log]({status.check_url})")
    if status.has_patch and run.status is not RunStatus.DONE:
        facts.append(f"patch: `coppice patch {run.short_id}`")
    return " · ".join(facts)


def _doing(status: Status) -> str:
    if status.attempt and status.stage not in ("rules", "publish"):
        return f"attempt {status.attempt} of {status.attempts}"
    return _DOING.get(status.stage or "", "starting")


def _delivered(status: Status) -> str:
    run = status.run
    if run.pull_request and run.publish is Publish.PR:
        what = f"Done: {'draft' if status.draft else 'pull request'} #{run.pull_request}"
        red = [code(result.name) for result in status.red_head]
        if not red:
            return what
        return f"{what}, but {' and '.join(red)} {'fails' if len(red) == 1 else 'fail'} on it"
    if run.trigger.options.plan_only:
        return "Done: the plan below"
    if run.publish is Publish.BRANCH and run.work.branch:
        return f"Done: branch {code(run.work.branch)}"
    return f"Done: `coppice patch {run.short_id}` shows the work"


def _ending(status: Status) -> str:
    run = status.run
    if run.status is RunStatus.CANCELLED and run.stop:
        return run.stop.reason
    return run.error.message if run.error else "no reason was kept"


def _first_sentence(status: Status) -> str:
    first = _SENTENCE_END.split(line(_ending(status), 300), maxsplit=1)[0]
    if (often := _often(status)) is not None:
        _, _, rest = first.partition("; ")
        return "; ".join(part for part in (often, _own(status.run, rest.rstrip("."))) if part)
    return _own(status.run, first.rstrip("."))


def _own(run: Run, text: str) -> str:
    """Make it harmless; the numbers of the run's own issue and pull request stay references."""
    harmless = prose(text)
    for number in (run.issue, run.pull_request):
        harmless = re.sub(rf"\bno\. {number}\b", f"#{number}", harmless)
    return harmless


def _often(status: Status) -> str | None:
    """`` `pytest` failed 3 times ``, where that is why the run failed."""
    red = [result for result in status.last if not result.passed]
    said = f"{code(red[0].name)} failed" if red else ""
    if status.run.status is not RunStatus.FAILED or not said or said not in _ending(status):
        return None
    times = sum(said in reason for reason in status.failed_attempts)
    return f"{said} {times} times" if times > 1 else None


def _why(status: Status) -> str:
    run, lines = status.run, []
    if run.status.ended and run.status is not RunStatus.DONE:
        _, *rest = _SENTENCE_END.split(line(_ending(status), 1500), maxsplit=1)
        lines += [_ended_sentence(_own(run, sentence)) for sentence in rest]
    if run.status is RunStatus.DONE and status.red_head:
        again = "One more round: `/coppice retry`, or `/coppice` and what you want."
        lines.append(f"{failures(status.red_head)}. {again}")
    lines += _at_the_moment(status)
    if status.red_base:
        base = code(run.work.base_ref or "the base")
        lines.append(f"On {base}, before any change: {failures(status.red_base)}.")
    for number, reason in enumerate(status.failed_attempts, 1):
        lines.append(f"Attempt {number}: {reason.rstrip('.')}.")
    return "\n\n".join(part for part in [*lines, *_besides(status)] if part)


def _ended_sentence(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?", ":")) else f"{sentence}."


def _besides(status: Status) -> Iterator[str]:
    """What else a reader should know: CI, what waits for whom, who the agent is."""
    work = status.run.work
    if ignored := status.run.trigger.ignored:
        yield f"Not followed: {'; '.join(ignored)}."
    yield from (*work.checks, work.needs or "", needs.unheard(status.run))
    if work.edited:
        yield f"The issue was edited by {code(work.edited)}; that was not taken in."
    yield status.note or ""
    if has_label(status.agent_label, status.other_agents):
        yield f"Agent: {cast(status.run.agent, status.agent_label, status.other_agents)}."
    if status.earlier_url:
        yield f"[The run before]({status.earlier_url})."


def _at_the_moment(status: Status) -> list[str]:
    """What keeps a run waiting, and what may end it soon."""
    waits, lines = status.run.work.waits_for, []
    if status.run.status.ended:
        return []
    if (overlap := status.run.work.overlaps) is not None:
        closes = "closes" if len(overlap.rivals) == 1 else "close"
        lines.append(f"{needs.rivals(overlap)} {closes} this issue too. Nothing was spent so far.")
    if waits:
        lines.append(f"{prose(waits[:1].upper() + waits[1:])}.")
    if status.used >= WARNING:
        lines.append(f"{min(status.used, 1.0):.0%} of the budget is used.")
    return lines


def _details(status: Status) -> str:
    given = status.given
    if given is None:
        return ""
    authors = ", ".join(code(author) for author in given.authors)
    lines = [f"Issue #{status.run.issue} as of {clock(given.at)}"]
    lines[0] += f"; comments by {authors}." if authors else "; no comments."
    left_out = []
    if given.left_out:
        left_out.append(f"{count(given.left_out, 'comment')} by people without write access")
    if given.changed_later:
        left_out.append(f"{count(given.changed_later, 'comment')} changed after the start")
    if given.removed:
        left_out.append(f"{count(given.removed, 'hidden piece')} of text")
    if left_out:
        lines.append(f"Left out: {', '.join(left_out)}.")
    parts = [" ".join(lines), _hidden(given), fence(given.text) if given.text else ""]
    return folded("What the agent was given", "\n\n".join(part for part in parts if part))


def _hidden(given: Given) -> str:
    """What was taken out, and how the text reads without it."""
    if not given.hidden:
        return ""
    rows = [
        f"- {_place(piece)}: {code(piece.text) if piece.text else 'what looks like a secret'}"
        for piece in given.hidden
    ]
    more = given.removed - len(given.hidden)
    rows += [f"- and {more} more"] if more > 0 else []
    parts = ["Nobody sees this on the page, so it was taken out:", "\n".join(rows)]
    return "\n\n".join([*parts, *(["The text as it was given:"] if given.text else [])])


def _place(piece: Hidden) -> str:
    return f"{prose(piece.where)}, line {piece.line}, {piece.kind}"
