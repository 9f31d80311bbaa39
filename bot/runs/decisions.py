"""What a handler answers, and what becomes of a delivery."""

from enum import StrEnum

from bot.runs.effects import Effect
from bot.runs.messages import Again, Start, Tell
from bot.runs.record import Record
from bot.runs.run import RepositoryRef


class DecisionKind(StrEnum):
    """What became of a delivery; strongest first where several happened."""

    START = "start"
    TELL = "tell"
    EFFECT = "effect"
    IGNORE = "ignore"
    PENDING = "pending"
    ERROR = "error"  # will be tried again
    DEAD = "dead"  # given up; `coppice redeliver` takes it up again


class Pause(Record):
    """Let nothing new begin in a repository, or let it again."""

    repository_id: int
    by: str
    on: bool


class Commanded(Record):
    """What somebody asked for by a command or a box, and whether it is done: for the audit log."""

    key: str
    by: str
    repository: RepositoryRef
    verb: str
    """Without the words after it."""
    why_not: str | None = None


class Decision(Record):
    """What a handler answers. Empty means ignore, and then ``reason`` says why."""

    starts: tuple[Start | Again, ...] = ()
    tells: tuple[Tell, ...] = ()
    pauses: tuple[Pause, ...] = ()
    effects: tuple[Effect, ...] = ()
    """Written at once, before anything slow."""
    then: tuple[Effect, ...] = ()
    """Written after all starts and tells were taken up."""
    otherwise: tuple[Effect, ...] = ()
    """Written instead of `then` where one of them was not."""
    commands: tuple[Commanded, ...] = ()
    """What the audit log is to say, whatever the rest comes to."""
    reason: str | None = None

    @property
    def kind(self) -> DecisionKind:
        if self.starts:
            return DecisionKind.START
        if self.tells or self.pauses:
            return DecisionKind.TELL
        return DecisionKind.EFFECT if self.effects else DecisionKind.IGNORE


def ignore(reason: str) -> Decision:
    """Decide to do nothing, and keep why."""
    return Decision(reason=reason)
