"""Messages of Coppice's commits: no issue numbers, which would leave a line in its timeline."""

import re

from bot.github.markdown import line, plain
from bot.github.texts.players import Player
from bot.runs import Run

SKIP_CI = "[skip ci]"
SUBJECT_LENGTH = 72
_SKIP = re.compile(r"\[(skip (ci|actions)|(ci|actions) skip|no ci)\]|skip-checks:", re.IGNORECASE)
"""What makes GitHub skip CI: only Coppice decides that, not an issue's title."""


def not_skipping(text: str) -> str:
    """Take out of a clean text what would skip CI, also what that leaves behind."""
    while (shorter := _SKIP.sub("", text)) != text:
        text = shorter
    return text


def start(run: Run, trailer: str) -> str:
    """The empty commit that a run starts with; ``trailer`` is ``Markers.trailer(run.id)``."""
    return f"Coppice run {run.short_id} {SKIP_CI}\n\n{trailer}\n"


def work(
    run: Run,
    trailer: str,
    *,
    by: Player,
    skip_ci: bool,
    summary: str = "",
) -> str:
    """The commit that is delivered. A reader may squash with it, so it says what was asked for."""
    asked = not_skipping(line(run.work.title or run.trigger.title, 1000))
    subject = line(asked, SUBJECT_LENGTH) or f"Coppice run {run.short_id}"
    trailers = f"{by.trailer}\n{trailer}"
    body = [not_skipping(plain(summary)).strip(), SKIP_CI if skip_ci else "", trailers]
    return "\n\n".join([subject, *(part for part in body if part)]) + "\n"


def mend(run: Run, trailer: str, *, by: Player, skip_ci: bool) -> str:
    """The commit on top of somebody's branch: what it mends, and who made it."""
    begun = run.work.round
    base = run.work.base_ref or "the base"
    subject = f"Merge {base}" if begun and begun.base else f"Mend {_checks(run)}"
    conflicts = begun.conflicts if begun else ()
    named = ", ".join(line(path) for path in conflicts[:20])
    body = [f"Conflicts in {named}" if conflicts else ""]
    if begun and begun.base and begun.checks:
        body.append(f"Mends {_checks(run)} too.")
    trailers = f"{by.trailer}\n{trailer}"
    parts = [line(not_skipping(line(subject, 1000)), SUBJECT_LENGTH)]
    parts += [not_skipping(plain(part)) for part in body if part]
    return "\n\n".join([*parts, *([SKIP_CI] if skip_ci else []), trailers]) + "\n"


def _checks(run: Run) -> str:
    names = run.work.round.checks if run.work.round else ()
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def ci(run: Run, trailer: str) -> str:
    """The empty commit that lets the repository's CI run on the same tree."""
    return f"Run CI for Coppice run {run.short_id}\n\n{trailer}\n"
