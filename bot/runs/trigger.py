"""What starts a run: who, with which words and choices."""

from typing import Literal

from bot.runs.record import Kept
from bot.runs.spending import Budget


class Person(Kept):
    id: int
    login: str


class Options(Kept):
    """What a person chose for one run, in a command or by labels; None: as configured."""

    model: str | None = None
    base: str | None = None
    budget: Budget | None = None
    gate: bool | None = None
    """True: the plan waits for an approval whatever the configuration says."""
    plan_only: bool = False
    """End with the plan; nothing is written but it."""
    priority: int = 0
    """Higher goes first."""
    mend: Literal["checks", "conflicts"] | None = None
    """Of somebody's pull request; None: both."""
    tests: bool = False
    """Tests and CI configuration that are there may be changed to mend it."""


class Trigger(Kept):
    """What started a run, frozen at that moment (title and body come from the event itself)."""

    delivery: str
    """The delivery's GUID."""
    by: Person
    title: str
    body: str
    comment_id: int | None = None
    """The comment with the command; None for a label."""
    goal: str | None = None
    """Words after `/coppice run`."""
    options: Options = Options()
    ignored: tuple[str, ...] = ()
    """Labels that choose nothing for it, and why (Markdown of ours)."""
    at: str
    """ISO 8601, UTC: when GitHub says that the issue was as it is here (its `updated_at`)."""
