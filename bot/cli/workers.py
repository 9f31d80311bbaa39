"""`coppice workers`: who works, on what and since when; and what an operator may ask of them."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from bot.cli import operator, stored
from bot.cli.output import emit, moment, say, table
from bot.errors import OperatorError
from bot.runs import Run, Stop
from bot.store import audit, pauses, runs
from bot.store.audit import Act
from bot.store.cluster import orders, turns, workers
from bot.store.cluster.orders import OrderKind
from bot.store.cluster.workers import DEAD_SECONDS, LIVING, Worker, WorkerState
from bot.store.database import Connection

_HEADER = ("worker", "state", "version", "host", "pid", "seen", "slots", "at work")
POISON = "poison"
MOST = 1000  # runs that are looked through, newest first


def run(*, as_json: bool) -> int:
    """List the workers; exit 1 where none lives."""
    found = stored.read(facts) if stored.is_there() else []
    if as_json:
        emit(found)
    else:
        table(_HEADER, map(_cells, found))
        if stored.is_there():
            _beside()
    return 0 if any(each["state"] in LIVING for each in found) else 1


def act(name: str, subject: str | None, *, as_json: bool) -> int:
    """Carry out one of the acts, and say what it came to."""
    if name in ("drain", "release") and subject is None:
        raise OperatorError(f"which one? Type: coppice workers {name} NAME")
    if name == "quarantine" and subject is None:
        return _quarantined(as_json=as_json)
    act_on: dict[str, Callable[[Connection], str]] = {
        "drain": lambda c: _drain(c, subject or ""),
        "pause": _pause,
        "resume": _resume,
        "quarantine": lambda c: _quarantine(c, subject or ""),
        "release": lambda c: _release(c, subject or ""),
    }
    done = stored.write(act_on[name])
    if not as_json:
        say(done)
    return 0


def facts(c: Connection) -> list[dict[str, Any]]:
    """Describe each worker as `--json` does."""
    now = workers.now(c)
    return [_fact(c, each, now) for each in workers.listing(c)]


def _fact(c: Connection, worker: Worker, now: float) -> dict[str, Any]:
    silent = now - worker.seen_at
    state = worker.state
    if state in LIVING and silent > DEAD_SECONDS:
        state = WorkerState.DEAD
    return {
        "name": worker.name,
        "state": state.value,
        "version": worker.version,
        "same_version": worker.version == version("coppice-bot"),
        "host": worker.host,
        "pid": worker.pid,
        "slots": worker.slots,
        "started_at": moment(worker.started_at),
        "seen_at": moment(worker.seen_at),
        "seen_seconds_ago": round(max(0.0, silent), 1),
        "runs": _at_work(c, worker),
    }


def _at_work(c: Connection, worker: Worker) -> list[dict[str, Any]]:
    """What a worker has in hand; on SQLite the one that is there has all."""
    if c.dialect.name == "sqlite":
        living = [run for run in runs.listing(c, MOST) if not run.status.ended]
        known = runs.with_stages(c, living)
        return [_run(run, stages[-1].started_at) for run, stages in known if stages]
    mine = [turn for turn in turns.listing(c) if turn.worker == worker.name]
    found = [(runs.get(c, turn.run_id), turn.taken_at) for turn in mine]
    return [_run(run, since) for run, since in found if run is not None]


def _run(run: Run, since: float | None) -> dict[str, Any]:
    return {
        "id": run.id,
        "repository": run.repository.full_name,
        "issue": run.issue,
        "status": run.status.value,
        "since": moment(since),
    }


def _cells(fact: dict[str, Any]) -> tuple[object, ...]:
    at_work = ", ".join(
        f"{run['id'][:6]} ({run['repository']}#{run['issue']})" for run in fact["runs"]
    )
    other = "" if fact["same_version"] else " (another one)"
    return (
        fact["name"],
        fact["state"],
        f"{fact['version']}{other}",
        fact["host"],
        fact["pid"],
        f"{fact['seen_seconds_ago']:g} s ago",
        fact["slots"],
        at_work,
    )


def _beside() -> None:
    """Say what else an operator has to know."""
    paused = stored.read(lambda c: pauses.paused_by(c, pauses.EVERYWHERE))
    if paused:
        say(f"paused by {paused}: nothing new begins; `coppice workers resume`")
    for each in stored.read(orders.quarantined):
        say(f"run {each.run_id} is in quarantine since {moment(each.at)}, by {each.by}")


def _quarantined(*, as_json: bool) -> int:
    """List what is in quarantine, and what took its workers down with it."""

    def find(c: Connection) -> list[dict[str, Any]]:
        listed = [
            {"id": each.run_id, "why": "quarantine", "by": each.by, "at": moment(each.at)}
            for each in orders.quarantined(c)
        ]
        poison = [run for run in runs.listing(c, MOST) if run.error and run.error.kind == POISON]
        return listed + [
            {"id": run.id, "why": POISON, "by": None, "at": moment(run.updated_at)}
            for run in poison
        ]

    found = stored.read(find)
    if as_json:
        emit(found)
    else:
        table(("run", "why", "by", "since"), (tuple(each.values()) for each in found))
    return 0


def _drain(c: Connection, name: str) -> str:
    worker = workers.get(c, name, lock=True)
    if worker is None or worker.state not in LIVING:
        raise OperatorError(
            f"there is no living worker {name}; `coppice workers` lists them", exit_code=1
        )
    silent = workers.now(c) - worker.seen_at
    if silent > DEAD_SECONDS:
        raise OperatorError(
            f"worker {name} is dead: nothing was seen of it for {silent:.0f} s", exit_code=1
        )
    if worker.state is WorkerState.DRAINING:
        return f"{name} is draining already"
    workers.change(c, name, WorkerState.DRAINING)
    audit.record(c, operator.entry(Act.DRAINED, worker=name))
    return f"{name} begins nothing new, and leaves when what it has in hand has ended"


def _pause(c: Connection) -> str:
    by = pauses.paused_by(c, pauses.EVERYWHERE)
    if by is not None:
        return f"paused already, by {by}: nothing new begins"
    pauses.pause(c, pauses.EVERYWHERE, operator.entry(Act.PAUSED).who, workers.now(c))
    return "nothing new begins on any worker until `coppice workers resume`"


def _resume(c: Connection) -> str:
    if pauses.paused_by(c, pauses.EVERYWHERE) is None:
        return "the workers were not paused"
    pauses.resume(c, pauses.EVERYWHERE, operator.entry(Act.RESUMED).who, workers.now(c))
    return "the workers go on"


def _quarantine(c: Connection, run_id: str) -> str:
    found = runs.get(c, run_id)
    if found is None:
        raise OperatorError(f"there is no run {run_id}; `coppice runs` lists them", exit_code=1)
    entry = operator.entry(Act.QUARANTINED)
    if not orders.quarantine(c, found.id, entry.who):
        raise OperatorError(f"run {found.id} is in quarantine already", exit_code=1)
    runs.request_stop(c, found.id, Stop(by=None, reason="an operator put it into quarantine"))
    orders.place(c, OrderKind.STOP, found.id, entry.who)
    audit.record(c, entry.model_copy(update={"run_id": found.id}))
    return f"no worker touches run {found.id} until `coppice workers release {found.short_id}`"


def _release(c: Connection, run_id: str) -> str:
    found = runs.get(c, run_id)
    if found is None or not orders.release(c, found.id):
        raise OperatorError(
            f"run {run_id} is in no quarantine; `coppice workers quarantine` lists those",
            exit_code=1,
        )
    entry = operator.entry(Act.RELEASED)
    orders.place(c, OrderKind.AGAIN, found.id, entry.who)
    audit.record(c, entry.model_copy(update={"run_id": found.id}))
    return f"run {found.id} goes on where it was stopped"
