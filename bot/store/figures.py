"""Where everything stands, in a few numbers: of what is open, however much is over."""

import time
from collections.abc import Mapping

from sqlalchemy import Connection, func, select, text, true

from bot.runs import LIVING, DecisionKind, Record, RunStatus
from bot.store import tables
from bot.store.calls import COUNTED
from bot.store.cluster import workers
from bot.store.cluster.workers import WorkerState

_DAY = 86400.0
_DELIVERY = tables.deliveries.c
_RUN = tables.runs.c
_STAGE = tables.stages.c
_CALL = tables.calls.c


class Figures(Record):
    """Counts at one moment. Nothing in it names a repository, a person or a secret."""

    deliveries: Mapping[str, int]
    """By decision: those that are owed an answer, and those that were given up."""
    lag: float
    """Seconds that the oldest delivery waits that could be handled now."""
    runs: Mapping[str, int]
    """By status, those that have not ended."""
    following: int
    """Runs that follow an open pull request."""
    queued_seconds: float
    """Since the run was made that waits longest for a slot."""
    stages: Mapping[str, int]
    """Tries under way, by stage."""
    calls: int
    """Calls of models under way."""
    usd_today: float
    """Since midnight, UTC."""
    paused: int
    """Repositories."""
    swept_at: float | None
    """When GitHub's delivery log was last read to its end; None: never."""
    workers: Mapping[str, int]
    """By state; one that was not seen for too long counts as dead, whatever its row says."""


def read(c: Connection) -> Figures:
    """Count, by indexes alone; what has ended is not looked at."""
    now = time.time()
    return Figures(
        deliveries=_deliveries(c),
        lag=_lag(c, now),
        runs=_runs(c),
        following=_following(c),
        queued_seconds=_queued(c, now),
        stages=_stages(c),
        calls=_count(c, text("status = 'reserved'"), tables.calls),
        usd_today=_usd_today(c, now),
        paused=_count(c, text("1 = 1"), tables.pauses),
        swept_at=c.execute(
            select(tables.marks.c.at).where(tables.marks.c.name == "sweep")
        ).scalar(),
        workers=_workers(c),
    )


def _deliveries(c: Connection) -> dict[str, int]:
    open_ = (
        select(_DELIVERY.decision, func.count())
        .where(text(tables.OPEN))
        .group_by(_DELIVERY.decision)
    )
    counts = dict.fromkeys((DecisionKind.PENDING.value, DecisionKind.ERROR.value), 0)
    counts |= dict(c.execute(open_).all())
    return counts | {
        DecisionKind.DEAD.value: _count(c, text("decision = 'dead'"), tables.deliveries)
    }


def _lag(c: Connection, now: float) -> float:
    """A delivery that is to be tried again later holds nobody up until then."""
    due = text(f"{tables.OPEN} AND (due_at IS NULL OR due_at <= {now!r})")
    first = select(_DELIVERY.received_at).where(due).order_by(_DELIVERY.seq).limit(1)
    received = c.execute(first).scalar()
    return 0.0 if received is None else max(0.0, now - received)


def _runs(c: Connection) -> dict[str, int]:
    living = sorted(map(str, LIVING))
    query = select(_RUN.status, func.count()).where(_RUN.status.in_(living))
    return dict.fromkeys(living, 0) | dict(c.execute(query.group_by(_RUN.status)).all())


def _following(c: Connection) -> int:
    # every status by name: the index has it first
    every = _RUN.status.in_(list(map(str, RunStatus)))
    return _count(c, every & (_RUN.following == true()), tables.runs)


def _queued(c: Connection, now: float) -> float:
    # not `min`: SQLite would walk all runs by their age for it
    waiting = select(_RUN.created_at).where(_RUN.status == RunStatus.QUEUED.value)
    since = min(c.execute(waiting).scalars(), default=now)
    return max(0.0, now - since)


def _stages(c: Connection) -> dict[str, int]:
    running = select(_STAGE.name, func.count()).where(text("status = 'running'"))
    return dict(c.execute(running.group_by(_STAGE.name)).all())


def _usd_today(c: Connection, now: float) -> float:
    today = select(func.sum(_CALL.usd)).where(_CALL.started_at >= now - now % _DAY, COUNTED)
    return float(c.execute(today).scalar() or 0.0)


def _workers(c: Connection) -> dict[str, int]:
    counts = dict.fromkeys(map(str, WorkerState), 0)
    dead_before = workers.now(c) - workers.DEAD_SECONDS
    for worker in workers.listing(c):
        lives = worker.state.value in workers.LIVING
        silent = lives and worker.seen_at < dead_before
        counts[WorkerState.DEAD.value if silent else worker.state.value] += 1
    return counts


def _count(c: Connection, where: object, table: object) -> int:
    return int(c.execute(select(func.count()).select_from(table).where(where)).scalar_one())  # type: ignore[arg-type]


def takes_writes(c: Connection) -> bool:
    """Ask for next to nothing; raises what keeps the database from answering.

    False: PostgreSQL can only be read, because somebody said so or because it is a standby.
    """
    if c.dialect.name != "postgresql":
        return bool(c.execute(select(1)).scalar_one())
    for_reading = "current_setting('default_transaction_read_only')::bool OR pg_is_in_recovery()"
    return not c.execute(text(f"SELECT {for_reading}")).scalar_one()


def has_leader(c: Connection, lock: tuple[int, int]) -> bool:
    """Say whether any process holds a lock of two numbers in this PostgreSQL database."""
    held = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2"
        " AND classid = :class AND objid = :object AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    kind, object_ = lock
    return bool(c.execute(held, {"class": kind, "object": object_ & 0xFFFFFFFF}).scalar_one())
