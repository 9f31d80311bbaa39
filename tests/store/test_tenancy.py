"""An installation is a tenant: no query that works for one shows or changes anything of another.

Every function of bot/store that asks the database is listed here, as one of a tenant (it is called
with the first tenant's names and must leave the second alone) or as one of the whole house, which
then nothing that answers people on GitHub may call. A new one that is in neither list fails.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.runs import Applied, Budget, RunEvent, RunStatus, Stop
from bot.store import audit, baselines, calls, ledger, limits, pauses, runs, tables
from bot.store.calls import CallStatus
from bot.store.cluster import orders, run_files, turns, writes
from bot.store.cluster.orders import OrderKind
from bot.store.cluster.writes import Bound
from bot.store.database import Connection, Database
from bot.store.journal import deliveries
from bot.store.limits import Limit, Scope
from tests.store.rows import VISIT, an_arrival
from tests.store.town import ONE, TWO, Tenant, fill_both

ROOT = Path(__file__).resolve().parents[2]
STORE = ROOT / "bot" / "store"

Call = Callable[[Connection, Tenant], Any]


def key(t: Tenant) -> str:
    return f"comment/{t.repository.id}/{t.run_id}/status"


def reserve(c: Connection, t: Tenant, scope: Scope) -> Any:
    """Spend what fits beside the tenant's own 0.25 dollars alone."""
    limit = Limit(scope=scope, since=0.0, most=Budget(usd=0.4), name="today's")
    call = t.call(status=CallStatus.RESERVED, usd=0.01, started_at=1000.5)
    found = limits.reserve(c, call, [limit])
    assert isinstance(found, int), found
    return None


OF_A_TENANT: dict[str, Call] = {
    "runs.insert": lambda c, t: runs.insert(c, t.run()),
    "runs.get": lambda c, t: [runs.get(c, t.run_id), runs.get(c, t.run_id[:6])],
    "runs.living": lambda c, t: runs.living(c, t.repository.id, 7),
    "runs.latest": lambda c, t: runs.latest(c, t.repository.id, 7),
    "runs.of_issue": lambda c, t: runs.of_issue(c, t.repository.id, 7),
    "runs.of_pull_request": lambda c, t: runs.of_pull_request(c, t.repository.id, 8),
    "runs.of_branch": lambda c, t: runs.of_branch(c, t.repository.id, t.branch),
    "runs.of_visit": lambda c, t: [
        runs.update(c, t.run_id, work={"visit": VISIT.model_dump(mode="json")}),
        runs.of_visit(c, t.repository.id, VISIT.head_sha),
    ][1],
    "runs.on_base": lambda c, t: runs.on_base(c, t.repository.id, "main"),
    "runs.living_of_installation": lambda c, t: [
        runs.living_of_installation(c, t.repository.installation_id),
        runs.living_of_installation(c, t.repository.installation_id, t.repository.id),
        runs.living_of_installation(c, t.repository.installation_id, TWO.repository.id),
    ],
    "runs.revise": lambda c, t: runs.revise(c, t.run_id, lambda _: {"note": "more"}),
    "runs.update": lambda c, t: runs.update(c, t.run_id, status=RunStatus.RUNNING),
    "runs.request_stop": lambda c, t: runs.request_stop(c, t.run_id, Stop(by=None, reason="x")),
    "runs.save_stage": lambda c, t: runs.save_stage(
        c, runs.stages(c, t.run_id)[0].model_copy(update={"result": {"said": "again"}})
    ),
    "runs.stages": lambda c, t: runs.stages(c, t.run_id),
    "runs.append_events": lambda c, t: runs.append_events(
        c, t.run_id, [RunEvent(stage="plan", attempt=1, type="said", data={})], 1.0
    ),
    "runs.events": lambda c, t: runs.events(c, t.run_id),
    "runs.recent_events": lambda c, t: runs.recent_events(c, t.run_id, ["said"], 10),
    "ledger.get": lambda c, t: ledger.get(c, key(t)),
    "ledger.begin": lambda c, t: ledger.begin(
        c,
        f"{key(t)}-2",
        run_id=t.run_id,
        installation_id=t.repository.installation_id,
        kind="comment",
        at=1.0,
    ),
    "ledger.applied": lambda c, t: ledger.applied(
        c, key(t), Applied(wrote=False), digest="e" * 64, wrote=False, at=9.0
    ),
    "ledger.void_installation": lambda c, t: (
        c.exec_driver_sql("UPDATE ledger SET status = 'pending'"),
        ledger.void_installation(c, t.repository.installation_id),
        c.exec_driver_sql("UPDATE ledger SET status = 'applied' WHERE status = 'pending'"),
    )[1],
    "ledger.still_open": lambda c, t: [
        ledger.applied(c, key(t), Applied(open=True, wrote=True), digest="", wrote=True, at=4.0),
        ledger.still_open(c, t.run_id, "comment"),
    ][1],
    "ledger.count": lambda c, t: ledger.count(c, t.run_id),
    "calls.insert": lambda c, t: [None, calls.insert(c, t.call())][0],
    "calls.settle": lambda c, t: calls.settle(c, t.number, t.call(usd=0.5)),
    "calls.abandon_of": lambda c, t: calls.abandon_of(c, [t.run_id]),
    "calls.drop_spare": lambda c, t: calls.drop_spare(c, t.number),
    "calls.spend": lambda c, t: calls.spend(c, t.run_id).usd,
    "calls.spend_by_model": lambda c, t: calls.spend_by_model(c, t.run_id),
    "calls.listing": lambda c, t: calls.listing(c, t.run_id),
    "limits.reserve": lambda c, t: [reserve(c, t, scope) for scope in Scope],
    "limits.set_aside": lambda c, t: [
        limits.set_aside(c, t.call(status=CallStatus.SPARE, usd=0.1), []),
        None,
    ][1],
    "baselines.get": lambda c, t: baselines.get(c, t.repository.id, "b" * 40, "d" * 64),
    "baselines.put": lambda c, t: baselines.put(c, t.repository.id, "b" * 40, "d" * 64, []),
    "pauses.pause": lambda c, t: pauses.pause(c, t.repository.id, "eve", 2.0),
    "pauses.resume": lambda c, t: pauses.resume(c, t.repository.id, "eve", 2.0),
    "pauses.paused_by": lambda c, t: pauses.paused_by(c, t.repository.id),
    "run_files.put": lambda c, t: run_files.put(c, t.run_id, "x.json", "e" * 64, b"x"),
    "run_files.digests": lambda c, t: run_files.digests(c, t.run_id),
    "run_files.get": lambda c, t: run_files.get(c, t.run_id, "config.json"),
    "run_files.forget": lambda c, t: run_files.forget(c, t.run_id),
    "deliveries.get": lambda c, t: deliveries.get(c, t.guid),
    "deliveries.take": lambda c, t: deliveries.take(c, [t.number], 10**6),
    "deliveries.requeue": lambda c, t: deliveries.requeue(c, t.guid),
    "deliveries.replace": lambda c, t: deliveries.replace(c, an_arrival(t.guid)),
    "orders.place": lambda c, t: orders.place(c, OrderKind.STOP, t.run_id, "eve"),
    "orders.quarantine": lambda c, t: orders.quarantine(c, t.run_id, "eve"),
    "orders.release": lambda c, t: orders.release(c, t.run_id),
    "orders.quarantined_by": lambda c, t: orders.quarantined_by(c, t.run_id),
    "writes.take": lambda c, t: (
        writes.take(c, t.repository.installation_id, [Bound(seconds=60, most=80)])
        if c.dialect.name == "postgresql"
        else None  # one process has the file, and counts by itself
    ),
    "turns.withdraw": lambda c, t: turns.withdraw(c, t.run_id),
    "audit.record": lambda c, t: audit.record(
        c, audit.Entry(who=t.person, act=audit.Act.APPROVED, run_id=t.run_id)
    ),
}

OF_THE_HOUSE = {
    "runs.listing": "the operator's list",
    "runs.with_stages": "of runs that were found before, of whichever tenant",
    "runs.all_living": "the engine begins what it has lost",
    "deliveries.listing": "the operator's list",
    "deliveries.unknown": "the sweep, which asks by GUID",
    "deliveries.oldest": "the sweep",
    "deliveries.first_of_repositories": "the look at labels",
    "deliveries.heard": "the same",
    "deliveries.waiting": "the dispatcher",
    "deliveries.arrived": "the dispatcher",
    "deliveries.newest": "the dispatcher",
    "deliveries.any_requeued": "the dispatcher",
    "deliveries.take_requeued": "the dispatcher",
    "orders.listing": "the engine takes up what the operator ordered",
    "orders.done": "the same",
    "orders.quarantined": "the operator's list",
    "calls.abandon": "a process that begins closes what a dead one left",
    "calls.abandon_living": "the same",
    "calls.abandon_nobodys": "now and then, for all that no worker works at",
    "pauses.all_paused": "the operator's pause of everything",
    "audit.head": "the chain is one for the house",
    "audit.listing": "the operator's list",
    "audit.verify": "the chain is one for the house",
}
MODULES_OF_THE_HOUSE = {
    "costs": "the operator's sums",
    "figures": "counts for /metrics",
    "halfway": "the schema",
    "listened": "since when the look at labels may look",
    "marks": "of the house's own clockwork",
    "migrate": "the schema",
    "secrets": "the house's own keys",
    "seat": "of processes",
    "turns": "who works where: of processes; what it does for one run is listed above",
    "upsert": "a word of SQL",
    "workers": "of processes",
}
KEEPING = STORE / "keeping"
"""Backup, restore, move, checks: the operator's, of everything."""


def functions() -> Iterator[str]:
    """Name every public function of the store that is given a connection first."""
    for path in sorted(STORE.rglob("*.py")):
        if KEEPING in path.parents:
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                first = node.args.args[:1]
                kind = first[0].annotation if first else None
                if isinstance(kind, ast.Name) and kind.id == "Connection":
                    yield f"{path.stem}.{node.name}"


def marks_of(tenant: Tenant) -> re.Pattern[str]:
    """What gives a tenant's rows away."""
    n = tenant.number
    names = f"tenant{n}|{tenant.run_id}|person{n}|model{n}"
    return re.compile(rf"{names}|\b(?:10{n}|50{n}|90{n})\b")


def rows_of(c: Connection, tenant: Tenant) -> list[str]:
    """Every row of every table that mentions a tenant."""
    mark = marks_of(tenant)
    found = (
        f"{table.name}: {dict(row._mapping)}"
        for table in tables.metadata.sorted_tables
        for row in c.execute(select(table))
    )
    return sorted(row for row in found if mark.search(row))


def test_every_query_of_the_store_is_known_to_be_of_a_tenant_or_of_the_house() -> None:
    listed = {*OF_A_TENANT, *OF_THE_HOUSE}
    unknown = [
        name
        for name in functions()
        if name not in listed and name.partition(".")[0] not in MODULES_OF_THE_HOUSE
    ]

    assert unknown == []


def test_the_lists_name_nothing_that_is_gone() -> None:
    there = set(functions())

    assert {*OF_A_TENANT} - there == set()
    assert {*OF_THE_HOUSE} - there == set()
    assert {*MODULES_OF_THE_HOUSE} - {path.stem for path in STORE.rglob("*.py")} == set()


@pytest.mark.parametrize("name", OF_A_TENANT)
async def test_a_query_of_one_tenant_leaves_the_other_alone(database: Database, name: str) -> None:
    await database.write(fill_both)
    before = await database.read(lambda c: rows_of(c, TWO))

    answer = await database.write(lambda c: OF_A_TENANT[name](c, ONE))

    assert marks_of(TWO).findall(repr(answer)) == []
    assert await database.read(lambda c: rows_of(c, TWO)) == before


def test_what_answers_people_on_github_asks_for_one_tenant_only() -> None:
    """Handlers know the store through queries of a tenant alone."""
    whole = [*OF_THE_HOUSE, *(f"{module}." for module in MODULES_OF_THE_HOUSE if module != "marks")]
    whole.append("bot.store.keeping")
    used = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / "handlers").rglob("*.py")
        for name in whole
        if re.search(rf"(?<![\w.]){re.escape(name)}", path.read_text())
    }

    assert used == set()


def test_the_second_tenant_can_be_told_from_the_first() -> None:
    assert marks_of(TWO).search(repr(ONE.run())) is None
    assert marks_of(TWO).search(repr(TWO.run())) is not None
