"""What `coppice clean` removes, and what it never touches."""

import pytest
from sqlalchemy import update

from bot.runs import RunStatus, Work
from bot.store import runs, tables
from bot.store.cluster import run_files
from bot.store.database import Connection, Database
from bot.store.journal import deliveries
from bot.store.keeping import retention
from bot.store.keeping.checks import runs as checks
from bot.store.keeping.checks.runs import Known
from bot.store.keeping.retention import Due, What
from tests.store.town import ONE, TWO

LATER = 5000.0
"""Everything of the tenants is older."""


async def emptied(database: Database, before: float = LATER) -> dict[What, int]:
    """Remove everything that is due; answer how much."""
    done = {}
    for what in What:
        done[what] = 0
        while n := await database.write(lambda c, w=what: retention.remove(c, w, before)):  # type: ignore[misc]
            done[what] += n
    return done


def ended(c: Connection) -> None:
    ONE.fill(c, status=RunStatus.DONE, pull_request=None, work=Work(checkpoint="c" * 40))


async def test_what_is_old_and_ended_goes_bodies_first(database: Database) -> None:
    await database.write(ended)
    shown = await database.read(lambda c: retention.preview(c, LATER))

    done = await emptied(database)

    assert list(done) == [What.BODIES, What.TIMELINES, What.KEPT_FILES, What.DELIVERIES]
    assert done == {What.BODIES: 1, What.TIMELINES: 1, What.KEPT_FILES: 1, What.DELIVERIES: 1}
    assert shown == [
        Due(what=What.BODIES, rows=1, bytes=len(ONE.body)),
        Due(what=What.TIMELINES, rows=1, bytes=None),
        Due(what=What.KEPT_FILES, rows=1, bytes=2),
        Due(what=What.DELIVERIES, rows=1, bytes=None),  # once its body has gone
    ]
    assert {each.what: each.rows for each in shown} == done


async def test_a_run_in_a_status_of_a_newer_release_is_not_taken_for_ended(
    database: Database,
) -> None:
    await database.write(ended)
    await database.write(lambda c: c.execute(update(tables.runs).values(status="asleep")))

    done = await emptied(database)

    assert (done[What.TIMELINES], done[What.KEPT_FILES]) == (0, 0)
    assert await database.read(lambda c: retention.ended_runs(c, LATER)) == []
    assert not await database.write(lambda c: retention.forget_work(c, ONE.run_id))


async def test_the_run_itself_its_stages_effects_and_costs_stay(database: Database) -> None:
    await database.write(ended)

    await emptied(database)

    def read(c: Connection) -> tuple[bool, int]:
        return runs.get(c, ONE.run_id) is not None, len(runs.stages(c, ONE.run_id))

    assert await database.read(read) == (True, 1)
    known = Known()
    left = await database.read(
        lambda c: [
            *checks.read(c, known),
            *checks.stages(c, known),
            *checks.ledger(c, known, LATER),
            *checks.calls(c, known, LATER),
        ]
    )
    assert left == []  # and a look at the store finds nothing missing


@pytest.mark.parametrize(
    "living",
    [
        {"status": RunStatus.WAITING},
        {"status": RunStatus.DONE, "following": True},
    ],
    ids=["waiting", "following"],
)
async def test_nothing_of_a_living_run_goes(database: Database, living: dict[str, object]) -> None:
    await database.write(lambda c: ONE.fill(c, **living))

    done = await emptied(database)

    assert set(done.values()) == {0}


@pytest.mark.parametrize(
    "still_open",
    ["decision = 'pending'", "decision = 'error'", "requeued = true"],
)
async def test_a_delivery_that_waits_for_an_answer_stays(
    database: Database, still_open: str
) -> None:
    await database.write(ended)
    await database.write(lambda c: c.exec_driver_sql(f"UPDATE deliveries SET {still_open}"))

    await emptied(database)

    kept = await database.read(lambda c: deliveries.get(c, ONE.guid))
    assert kept is not None
    assert kept.payload == ONE.body


async def test_what_is_younger_stays(database: Database) -> None:
    await database.write(ended)

    done = await emptied(database, before=999.0)

    assert set(done.values()) == {0}


async def test_one_tenants_end_leaves_the_others_work_alone(database: Database) -> None:
    await database.write(ended)
    await database.write(TWO.fill)

    await emptied(database)

    def read(c: Connection) -> tuple[int, dict[str, str]]:
        return len(runs.events(c, TWO.run_id)), run_files.digests(c, TWO.run_id)

    assert await database.read(read) == (1, {"config.json": "d" * 64})


async def test_a_run_that_lives_again_keeps_its_work(database: Database) -> None:
    await database.write(lambda c: ONE.fill(c, work=Work(checkpoint="c" * 40)))

    assert not await database.write(lambda c: retention.forget_work(c, ONE.run_id))

    run = await database.read(lambda c: runs.get(c, ONE.run_id))
    assert run is not None
    assert run.work.checkpoint == "c" * 40


async def test_a_run_whose_files_went_begins_a_retry_at_its_first_stage(database: Database) -> None:
    await database.write(ended)

    await emptied(database)

    run = await database.read(lambda c: runs.get(c, ONE.run_id))
    assert run is not None
    assert (run.work.checkpoint, run.updated_at) == (None, 1000.0)


async def test_a_run_whose_work_is_gone_says_so(database: Database) -> None:
    await database.write(ended)

    assert await database.write(lambda c: retention.forget_work(c, ONE.run_id))

    run = await database.read(lambda c: runs.get(c, ONE.run_id))
    assert run is not None
    assert (run.work.checkpoint, run.updated_at) == (None, 1000.0)


async def test_a_repository_is_in_use_while_a_run_lives_or_is_young(database: Database) -> None:
    await database.write(ended)
    await database.write(TWO.fill)

    def read(c: Connection) -> list[frozenset[int]]:
        return [retention.repositories(c, since).in_use for since in (999.0, LATER)]

    one, two = ONE.repository.id, TWO.repository.id
    assert await database.read(read) == [frozenset({one, two}), frozenset({two})]
