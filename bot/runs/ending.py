"""How a run ends, and what asks it to."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from bot.runs.record import Kept
from bot.runs.status import RunStatus


class RunError(Kept):
    """Why a run or a stage ended badly; ``class`` in JSON."""

    model_config = ConfigDict(populate_by_name=True)

    stage: str | None = None
    kind: Annotated[str, Field(alias="class")]
    message: str


class Ending(Kept):
    """How a run is about to end: told on GitHub first, then written as its status."""

    status: RunStatus
    error: RunError | None = None


class Stop(Kept):
    """Why and by whom a living run was asked to end."""

    by: str | None
    """Login, or None where nobody in particular did it (repository gone)."""
    reason: str
    """Ends the sentence "Stopped: …"."""
    kind: Literal["stop", "closed", "branch_deleted"] = "stop"
    """The message that asked."""
    merged: bool = False
