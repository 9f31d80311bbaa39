"""What Coppice says on somebody else's pull request: remarks, the review around them, how it ended.

Titles, reasons and suggestions are a model's or a stranger's; everything else is ours.
"""

import re
from collections.abc import Sequence

from bot.github.markdown import code, fence, line, prose
from bot.github.texts.moments import count
from bot.guard.invisible import HIDDEN
from bot.runs import Record, Run

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
    removed: int = 0
    """Hidden pieces of text in its description, which the reviewer was not given."""
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
    """Say that a run on somebody's pull request failed, and what to type; ``how`` is Markdown of
    ours.
    """
    what = "mends" if run.pipeline == "mend" else "looks"
    again = "review" if _ours(run) else "retry"
    return (
        f"@{run.trigger.by.login}: {how}. Nothing was changed; `/coppice {again}` {what} once more."
    )


def _ours(run: Run) -> bool:
    """On a pull request of Coppice a retry is for the run that opened it."""
    there = run.work.visit
    return there is not None and there.same_repository and there.head_ref.startswith("coppice/")


def waits(run: Run, why: str) -> str:
    """Say why nothing begins, where no check run says it; ``why`` is Markdown of ours."""
    what = "mending" if run.pipeline == "mend" else "review"
    return (
        f"The {what} for {code(run.trigger.by.login)} waits: {why}."
        " To stop it, write `/coppice stop`."
    )


def working(run: Run) -> str:
    """The title of the check run while it is under way."""
    return "Mending" if run.pipeline == "mend" else "Reviewing"


def _title(point: Point) -> str:
    return prose(line(point.title, 300)).rstrip(".")


def _listed(points: Sequence[Point]) -> str:
    return "\n".join(_item(point) for point in points)


def _item(point: Point) -> str:
    place = f"{code(line(point.place))}: " if point.place else ""
    said = f"**{_title(point)}** ({point.severity}) {prose(line(point.reason, 300))}"
    return f"- {place}{said}".rstrip()


def _rest(told: Reviewed) -> str:
    lines = []
    if told.unsaid:
        lines.append(f"{told.unsaid} more do not fit here; the next review says them.")
    if told.before:
        lines.append(f"{count(told.before, 'finding')} said in an earlier review still to be seen.")
    if told.below:
        lines.append(f"{told.below} below {code(told.threshold)} left out (`review.threshold`).")
    if told.removed:
        lines.append(f"{count(told.removed, 'hidden piece')} of text in its description left out.")
    if told.left_out:
        named = [f"{code(path)} ({why})" for path, why in told.left_out[:MOST_NAMED]]
        more = len(told.left_out) - MOST_NAMED
        listed = ", ".join([*named, *([f"{count(more, 'file')} more"] if more > 0 else [])])
        lines.append(f"Not looked at: {listed}.")
    return "\n".join(lines)


def suggestion(text: str) -> str | None:
    """What a click commits, as it is; None where it holds hidden characters, commands to bots, or
    what could be a marker of ours.
    """
    hidden = HIDDEN.search(text.replace("\r\n", "\n"))
    if hidden or _COMMAND.search(text) or "<!-- coppice:" in text:
        return None
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    whole = f"{text.removesuffix(chr(10))}\n" if text else ""
    return f"{ticks}suggestion\n{whole}{ticks}"
