"""Whose turn it is: installations take turns, in them repositories, in these priority, then people.

Priority counts within a repository: whoever may set a label there moves nobody elsewhere. Who
cannot begin (a limit is reached) holds up nobody behind.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.runs import Run

Scope = tuple[str, str]
"""What takes turns: (`installation`, its id), (`repository`, its id), (`person`, who and where)."""
MOST_SERVED = 3000
"""Scopes whose last turn is known; whoever's is forgotten for others is as if they had had none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """A child that wants to work."""

    child: str
    """The id of its workflow."""
    run_id: str
    repository_id: int
    installation_id: int
    person: str
    priority: int = 0
    asked_at: float = 0.0
    """Whatever clock, the same for all that are compared."""
    only: str | None = None
    """The worker at which it has to be: its workflow runs there already."""

    @classmethod
    def of(cls, run: Run, child: str) -> "Want":
        return cls(
            child=child,
            run_id=run.id,
            repository_id=run.repository.id,
            installation_id=run.repository.installation_id,
            person=run.trigger.by.login,
            priority=run.trigger.options.priority,
        )

    @property
    def scopes(self) -> tuple[Scope, Scope, Scope]:
        return (
            ("installation", str(self.installation_id)),
            ("repository", str(self.repository_id)),
            ("person", f"{self.repository_id}/{self.person}"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many may work at once for one repository, and for one installation."""

    repository: int
    installation: int


@dataclass(slots=True)
class Load:
    """What is at work, and when each scope last had a turn."""

    served: dict[Scope, float] = field(default_factory=dict)
    held: Counter[Scope] = field(default_factory=Counter)

    @classmethod
    def of(cls, held: Iterable[Want], served: Mapping[Scope, float]) -> "Load":
        load = cls(served=dict(served))
        for want in held:
            load.held.update(want.scopes)
        return load

    def take(self, want: Want) -> None:
        """Count one more at work, as the newest that had a turn."""
        newest = max(self.served.values(), default=0.0)
        self.held.update(want.scopes)
        self.served.update(dict.fromkeys(want.scopes, newest + 1e-6))
        if len(self.served) > MOST_SERVED:
            lately = sorted(self.served.items(), key=lambda each: each[1])[-MOST_SERVED // 2 :]
            self.served = dict(lately)

    def release(self, want: Want) -> None:
        self.held.subtract(want.scopes)
        self.held += Counter()

    def fits(self, want: Want, limits: Limits) -> bool:
        installation, repository, _ = want.scopes
        return (
            self.held[repository] < limits.repository
            and self.held[installation] < limits.installation
        )

    def rank(self, want: Want) -> tuple[float, ...]:
        """Lowest goes first: who has least at work, then who had a turn longest ago."""
        installation, repository, person = (self._turn(scope) for scope in want.scopes)
        return (*installation, *repository, -want.priority, *person, want.asked_at)

    def _turn(self, scope: Scope) -> tuple[float, float]:
        return self.held[scope], self.served.get(scope, 0.0)


def choose(waiting: Sequence[Want], load: Load, limits: Limits, room: int) -> list[Want]:
    """Choose who begins, at most ``room``, in their order; ``load`` counts them in."""
    left, chosen = list(waiting), list[Want]()
    while len(chosen) < room:
        able = [want for want in left if load.fits(want, limits)]
        if not able:
            break
        first = min(able, key=load.rank)
        load.take(first)
        left.remove(first)
        chosen.append(first)
    return chosen


def line(waiting: Sequence[Want], load: Load) -> list[Want]:
    """Put all who wait into the order in which they will have their turns."""
    endless = Limits(repository=len(waiting) + 10**9, installation=10**9)
    return choose(waiting, load, endless, len(waiting))
