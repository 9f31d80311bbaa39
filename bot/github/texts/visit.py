"""What Coppice says on somebody else's pull request: remarks, the review around them, how it ended.

Titles, reasons and suggestions are a model's or a stranger's; everything else is ours.
"""

import re
from collections.abc import Sequence

from bot.github.markdown import code, fence, line, prose
from bot.github.texts.moments import count
from bot.github.texts.patch import patch
from bot.github.texts.results import commit, table
from bot.guard.invisible import HIDDEN
from bot.runs import CommandResult, Record, Run

REVIEW = "Coppice / review"
FIX = "Coppice / fix"
MOST_NAMED = 10
"""Files that are named as not looked at; of the others the number is told."""
LONGEST_REASON = 2000
_COMMAND = re.compile(
    r"^[ \t]*(?:/[A-Za-z][\w-]*(?:\s|$)|@[\w-]+(?:\[bot\])?[ \t]+\w)", re.MULTILINE
)


class Point(Record):
    """A finding as it is said."""

    severity: str
    title: str
    reason: str = ""
    place: str = ""
    """`src/shop.py:7`; empty where it is about the whole."""
    suggestion: str | None = None


class Reviewed(Record):
    """What one review came to."""

    run: Run
    at_lines: int
    listed: tuple[Point, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    """New findings by severity, the gravest first."""
    unsaid: int = 0
    below: int = 0
    threshold: str = ""
    before: int = 0
    files: int = 0
    left_out: tuple[tuple[str, str], ...] = ()
    by: str = ""
    """Agent, models and what they cost (Markdown of ours)."""
    moved_to: str | None = None
    """What was pushed on top meanwhile."""


def remark(point: Point) -> str:
    """One finding, at its line."""
    parts = [f"**{_title(point)}** ({point.severity})", prose(line(point.reason, LONGEST_REASON))]
    if point.suggestion is not None:
        parts.append(suggestion(point.suggestion) or fence(point.suggestion))
    return "\n\n".join(part for part in parts if part)


def headline(told: Reviewed) -> str:
    """What a review came to, in a few words."""
    new = sum(number for _, number in told.counts)
    if not new:
        return "Nothing new" if told.before else "Nothing found"
    listed = ", ".join(f"{number} {severity}" for severity, number in told.counts if number)
    return f"{count(new, 'finding')}: {listed}"


def summary(told: Reviewed) -> str:
    """The body of the review: what it found beside the remarks, and what it looked at."""
    visit = told.run.work.visit
    sha = visit.head_sha[:7] if visit else ""
    base = code(told.run.work.base_ref or "the base")
    draft = " It is a draft." if visit is not None and visit.draft else ""
    seen = f"Looked at {count(told.files, 'file')} of {sha} against {base}.{draft}"
    parts = [f"**{headline(told)}**. {seen}", _listed(told.listed), _rest(told)]
    if told.moved_to is not None:
        parts.append(f"{told.moved_to[:7]} was pushed on top meanwhile and is not looked at.")
    parts.append(f"By {told.by}, asked for by {code(told.run.trigger.by.login)}: no approval.")
    return "\n\n".join(part for part in parts if part)


def stopped(run: Run, how: str) -> str:
    """Say that a run on somebody's pull request failed, and what to type."""
    what = "mends" if run.pipeline == "mend" else "looks"
    return (
        f"@{run.trigger.by.login}: {prose(line(how, 300))}. Nothing was changed;"
        f" `/coppice retry` {what} once more."
    )


def working(run: Run) -> str:
    """The title of the check run while it is under way."""
    return "Mending" if run.pipeline == "mend" else "Reviewing"


def _title(point: Point) -> str:
    return prose(line(point.title, 300)).rstrip(".")


def _listed(points: Sequence[Point]) -> str:
    return "\n".join(
        f"- {f'{code(point.place)}: ' if point.place else ''}**{_title(point)}** ({point.severity})"
        f" {prose(line(point.reason, 300))}".rstrip()
        for point in points
    )


def _rest(told: Reviewed) -> str:
    lines = []
    if told.unsaid:
        lines.append(f"{told.unsaid} more do not fit here; the next review says them.")
    if told.before:
        lines.append(f"{count(told.before, 'finding')} said in an earlier review still to be seen.")
    if told.below:
        lines.append(f"{told.below} below {code(told.threshold)} left out (`review.threshold`).")
    if told.left_out:
        named = [f"{code(path)} ({why})" for path, why in told.left_out[:MOST_NAMED]]
        more = len(told.left_out) - MOST_NAMED
        listed = ", ".join([*named, *([f"{count(more, 'file')} more"] if more > 0 else [])])
        lines.append(f"Not looked at: {listed}.")
    return "\n".join(lines)


def suggestion(text: str) -> str | None:
    """What a click commits, as it is; None where it holds hidden characters or commands to bots."""
    if HIDDEN.search(text.replace("\r\n", "\n")) or _COMMAND.search(text):
        return None
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    whole = f"{text.removesuffix(chr(10))}\n" if text else ""
    return f"{ticks}suggestion\n{whole}{ticks}"


class Mended(Record):
    """What mending came to."""

    run: Run
    head: tuple[CommandResult, ...] = ()
    base: tuple[CommandResult, ...] = ()
    skips_ci: bool = True
    agent_label: str | None = None
    patch: bytes | None = None
    """What is not pushed; None: it was pushed, or stands in a review."""


def mended(told: Mended) -> str:
    """The one comment: what was mended, how it was judged, and how to get it."""
    run, begun = told.run, told.run.work.round
    there = run.work.visit
    if begun is None or not (begun.checks or begun.base):
        return what_was_mended(run)
    parts = [f"**{what_was_mended(run)}** {_where(run, told)}"]
    parts.append(
        table(
            told.head,
            told.base,
            here="with this",
            there=commit(run.work.base_ref, run.work.base_sha),
        )
        if told.head
        else "**Not verified:** `.github/coppice.yml` names no commands, so nothing was run."
    )
    if told.patch is not None:
        parts.append(patch(run, told.patch))
    elif there is not None and there.same_repository and told.skips_ci:
        parts.append("CI was left out; `/coppice ci` runs it.")
    if told.agent_label:
        parts.append(f"Agent: {code(run.agent)}, {told.agent_label}.")
    return "\n\n".join(parts)


def suggested(run: Run) -> str:
    """The body of a review that is nothing but suggestions."""
    why = "These suggestions were judged together; the branch is not ours to push to."
    return f"{what_was_mended(run)} {why}"


def what_was_mended(run: Run) -> str:
    """In one sentence, also that there was nothing."""
    begun, there = run.work.round, run.work.visit
    base = code(run.work.base_ref or "the base")
    if begun is None or not (begun.checks or begun.base):
        head = there.head_sha[:7] if there else ""
        return f"Nothing to mend: {_looked_for(run, head, base)}."
    parts = [f"the check {code(name)}" for name in begun.checks[:3]]
    if begun.base:
        files = ", ".join(code(path) for path in begun.conflicts[:5])
        parts.append(f"the conflict with {base} in {files}")
    return f"Mended: {', '.join(parts)}."


def _where(run: Run, told: Mended) -> str:
    there = run.work.visit
    if there is None or told.patch is not None:
        return "Nothing was pushed; this is the patch."
    if there.same_repository and there.left:
        return f"Pushed as {there.left[:7]}, on top of {there.head_sha[:7]}."
    return f"See the [suggestions]({there.left})." if there.left else ""


def _looked_for(run: Run, head: str, base: str) -> str:
    none, clean = f"no check fails on {head} because of it", f"nothing conflicts with {base}"
    match run.trigger.options.mend:
        case "checks":
            return none
        case "conflicts":
            return clean
        case _:
            return f"{none}, and {clean}"
