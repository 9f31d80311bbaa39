"""Messages of Coppice's commits: no issue numbers, which would leave a line in its timeline."""

import re

from bot.github.markdown import line, plain
from bot.runs import Run

SKIP_CI = "[skip ci]"
SUBJECT_LENGTH = 72
_SKIP = re.compile(r"\[(skip (ci|actions)|(ci|actions) skip|no ci)\]|skip-checks:", re.IGNORECASE)
"""What makes GitHub skip CI: only Coppice decides that, not an issue's title."""


def start(run: Run, trailer: str) -> str:
    """The empty commit that a run starts with; ``trailer`` is ``Markers.trailer(run.id)``."""
    return f"Coppice run {run.short_id} {SKIP_CI}\n\n{trailer}\n"


def work(
    run: Run,
    trailer: str,
    *,
    agent_label: str | None,
    skip_ci: bool,
    summary: str = "",
) -> str:
    """The commit that is delivered. A reader may squash with it, so it says what was asked for."""
    subject = (
        line(_SKIP.sub("", run.trigger.title), SUBJECT_LENGTH) or f"Coppice run {run.short_id}"
    )
    label = f" ({agent_label})" if agent_label else ""
    trailers = f"Coppice-Agent: {line(run.agent, 60)}{label}\n{trailer}"
    body = [plain(_SKIP.sub("", summary)).strip(), SKIP_CI if skip_ci else "", trailers]
    return "\n\n".join([subject, *(part for part in body if part)]) + "\n"


def ci(run: Run, trailer: str) -> str:
    """The empty commit that lets the repository's CI run on the same tree."""
    return f"Run CI for Coppice run {run.short_id}\n\n{trailer}\n"
