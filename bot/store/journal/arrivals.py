"""What goes into the journal, as plain tuples; imports nothing, to keep the door small."""

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from bot.runs import DecisionKind

Source = Literal["webhook", "sweep", "poll"]


class Arrival(NamedTuple):
    """A delivery as it came in; the order of its fields is that of the journal's columns."""

    guid: str
    event: str
    action: str | None
    repository: str | None
    repository_id: int | None
    number: int | None
    installation_id: int | None
    received_at: float
    source: Source
    payload: bytes


class Settlement(NamedTuple):
    """What became of one try of a delivery."""

    seq: int
    decision: "DecisionKind"
    attempts: int
    reason: str | None = None
    runs: tuple[str, ...] = ()
    due_at: float | None = None
    digest: bytes | None = None
    """SHA-256 of the body; once it is known it stays."""


class Waiting(NamedTuple):
    """As much of an open delivery as its place in a queue needs."""

    seq: int
    repository_id: int | None
    installation_id: int | None
    due_at: float | None
