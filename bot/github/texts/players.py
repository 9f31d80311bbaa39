"""Who plays which role of a run, and what has to be said of them."""

from collections.abc import Sequence

from bot.github.markdown import code, line
from bot.runs import Record


class Player(Record):
    """An agent in a role."""

    role: str
    agent: str
    label: str | None = None
    """`SCRIPTED: no model`; None: nothing special."""

    def __str__(self) -> str:
        return f"{self.role}: {self.named}"

    @property
    def named(self) -> str:
        return f"{code(self.agent)}{f', {self.label}' if self.label else ''}"

    @property
    def trailer(self) -> str:
        """The same in a commit."""
        label = f" ({self.label})" if self.label else ""
        return f"Coppice-Agent: {line(self.agent, 60)}{label}"


def cast(agent: str, label: str | None, others: Sequence[Player]) -> str:
    """`` `loop`; review: `scripted`, SCRIPTED: no model ``: the run's agent, then other roles."""
    own = Player(role="", agent=agent, label=label).named
    return "; ".join([own, *map(str, others)])


def has_label(label: str | None, others: Sequence[Player]) -> bool:
    """Has anything special to be said of who plays a role?"""
    return any((label, *(other.label for other in others)))


def player(role: str, agent: str, label: str | None, others: Sequence[Player]) -> Player:
    """Say who plays a role: the run's agent where it is nobody else's."""
    own = Player(role=role, agent=agent, label=label)
    return next((other for other in others if other.role == role), own)
