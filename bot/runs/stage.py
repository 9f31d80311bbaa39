"""The tries of a run's stages, the lines of its timeline, and the commands that judge."""

from collections.abc import Mapping

from bot.runs.ending import RunError
from bot.runs.record import Json, Kept
from bot.runs.status import StageStatus


class StageRecord(Kept):
    """One try of a stage: a row of ``stages``."""

    run_id: str
    key: str
    """Unique within the run: `{workflow suffix}/{name}-{attempt}`; the same key is the same try."""
    name: str
    attempt: int
    status: StageStatus
    started_at: float | None = None
    ended_at: float | None = None
    error: RunError | None = None
    result: Mapping[str, Json] = {}


class RunEvent(Kept):
    """One line of a run's timeline (`coppice runs ID --events --json`)."""

    stage: str
    attempt: int
    type: str
    data: Mapping[str, Json] = {}


class CommandResult(Kept):
    """One of the repository's own commands, run in the box."""

    name: str
    command: str
    exit_code: int | None
    """None: it never ended and was killed."""
    seconds: float
    output: str
    """Head and tail of stdout and stderr, as text."""
    log: str | None = None
    """File with the whole output."""
    problem: str | None = None
    """Why it did not end by itself (`time limit of 600 s`, `output limit of 64 MB`)."""

    @property
    def passed(self) -> bool:
        return self.exit_code == 0 and self.problem is None

    @property
    def timed_out(self) -> bool:
        return self.problem is not None and self.problem.startswith("time limit")
