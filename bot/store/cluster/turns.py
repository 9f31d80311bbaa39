"""Whose children work where, and who waits: a row each, for all workers of a database.

A row dies with the worker that has it. Times are the database's.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from bot.runs import Json, Record
from bot.store import tables
from bot.store.cluster.workers import NEWS, now

_TURN, _SERVED = tables.turns.c, tables.served.c
_LOCK = 0x7475726E  # any number, the same in every process
KEPT_SECONDS = 24 * 3600.0
Scope = tuple[str, str]


class Turn(Record):
    child: str
    """The id of its workflow."""
    run_id: str
    kind: str
    """The name of its workflow."""
    part: Json
    """What it is to do."""
    repository_id: int
    installation_id: int
    person: str
    priority: int = 0
    asked_at: float = 0.0
    only: str | None = None
    """The worker at which it waits, because its workflow runs there already."""
    worker: str | None = None
    """Who has it; None: it waits."""
    taken_at: float | None = None
    begun: bool = False
    """Its workflow is there, so that the engine recovers it."""


Pick = Callable[[Sequence[Turn], Sequence[Turn], Mapping[Scope, float]], Sequence[Turn]]
"""Chooses from (those who wait, those at work, when each scope last had a turn)."""


def ask(c: Connection, turn: Turn) -> None:
    """Have a child wait, unless it does already."""
    values = turn.model_copy(update={"asked_at": now(c)}).model_dump(mode="json")
    c.execute(insert(tables.turns).values(values).on_conflict_do_nothing())


def stay(c: Connection, turn: Turn, me: str) -> bool:
    """Have a child whose workflow runs here wait for this worker; True: it has its turn."""
    row = c.execute(select(_TURN.worker).where(_TURN.child == turn.child).with_for_update()).first()
    if row is not None and row.worker == me:
        c.execute(update(tables.turns).where(_TURN.child == turn.child).values(begun=True))
        return True
    here = {"only": me, "worker": None, "taken_at": None, "begun": True}
    values = turn.model_copy(update={"asked_at": now(c), **here}).model_dump(mode="json")
    query = insert(tables.turns).values(values)
    c.execute(query.on_conflict_do_update(index_elements=["child"], set_=here))
    return False


def claim(
    c: Connection, me: str, pick: Pick, scopes: Callable[[Turn], Sequence[Scope]]
) -> list[Turn]:
    """Take the turns that ``pick`` chooses; one worker at a time does."""
    c.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    rows = listing(c)
    waiting = [turn for turn in rows if turn.worker is None and turn.only in (None, me)]
    if not waiting:
        return []
    chosen = pick(waiting, [turn for turn in rows if turn.worker], served(c))
    if chosen:
        at = now(c)
        names = [turn.child for turn in chosen]
        taken = {"worker": me, "taken_at": at}
        c.execute(update(tables.turns).where(_TURN.child.in_(names)).values(taken))
        _note(c, {scope: at + n * 1e-6 for n, t in enumerate(chosen) for scope in scopes(t)})
    return list(chosen)


def state(c: Connection, children: Sequence[str]) -> dict[str, Turn]:
    """Read the turns of these children; one that is not answered has none."""
    query = select(tables.turns).where(_TURN.child.in_(children))
    return {row.child: _turn(row) for row in c.execute(query)}


def runs_of(c: Connection, worker: str) -> list[str]:
    """Name the runs whose children work at a worker."""
    return list(c.execute(select(_TURN.run_id).where(_TURN.worker == worker)).scalars())


def listing(c: Connection) -> list[Turn]:
    return [_turn(row) for row in c.execute(select(tables.turns).order_by(_TURN.asked_at))]


def any_waiting(c: Connection, me: str) -> bool:
    mine = or_(_TURN.only.is_(None), _TURN.only == me)
    return (
        c.execute(select(_TURN.child).where(_TURN.worker.is_(None), mine).limit(1)).first()
        is not None
    )


def begun(c: Connection, children: Sequence[str]) -> None:
    """Note that the workflows of these are there."""
    c.execute(update(tables.turns).where(_TURN.child.in_(children)).values(begun=True))


def done(c: Connection, child: str, me: str) -> None:
    """Give a turn back."""
    mine = or_(_TURN.worker == me, _TURN.only == me)
    c.execute(delete(tables.turns).where(_TURN.child == child, mine))


def withdraw(c: Connection, run_id: str) -> None:
    """Forget what a run waits for."""
    c.execute(
        delete(tables.turns).where(_TURN.run_id == run_id, _TURN.worker.is_(None), ~_TURN.begun)
    )


def release(c: Connection, worker: str) -> None:
    """Take the turns of a worker that is gone: what had begun comes back with its workflow."""
    its = or_(_TURN.worker == worker, _TURN.only == worker)
    c.execute(delete(tables.turns).where(its, _TURN.begun))
    free = {"worker": None, "taken_at": None, "only": None}
    c.execute(update(tables.turns).where(its).values(free))


def tell(c: Connection) -> None:
    """Have all workers look, once this transaction is committed."""
    c.execute(select(func.pg_notify(NEWS, "")))


def tidy(c: Connection) -> None:
    """Forget whose turn it was a day ago."""
    c.execute(delete(tables.served).where(_SERVED.at < now(c) - KEPT_SECONDS))


def served(c: Connection) -> dict[Scope, float]:
    return {(row.scope, row.whose): row.at for row in c.execute(select(tables.served))}


def _note(c: Connection, turns: Mapping[Scope, float]) -> None:
    if not turns:
        return
    rows = [{"scope": scope, "whose": whose, "at": at} for (scope, whose), at in turns.items()]
    query = insert(tables.served).values(rows)
    newest = {"at": query.excluded.at}
    c.execute(query.on_conflict_do_update(index_elements=["scope", "whose"], set_=newest))


def _turn(row: Row[Any]) -> Turn:
    return Turn.model_validate(dict(row._mapping))
