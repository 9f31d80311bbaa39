"""Runs, stages and events as the database keeps them."""

import asyncio

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import NoResultFound

from bot.errors import Unreadable
from bot.runs import Note, RunError, RunEvent, RunStatus, StageRecord, StageStatus, Stop, Work
from bot.store import runs, tables
from bot.store.database import Connection, Database
from tests.store.rows import SHOP, VISIT, a_run


async def test_a_run_comes_back_as_it_went_in(database: Database) -> None:
    run = a_run(error=RunError(stage="plan", kind="limit", message="no"), pull_request=12)

    assert await database.write(lambda c: runs.insert(c, run)) is None

    assert await database.read(lambda c: runs.get(c, run.id)) == run


async def test_a_second_start_on_an_issue_meets_the_living_run(database: Database) -> None:
    first = a_run()
    await database.write(lambda c: runs.insert(c, first))

    in_the_way = await database.write(lambda c: runs.insert(c, a_run("bbbbbb222222")))

    assert in_the_way == first
    assert await database.read(lambda c: runs.get(c, "bbbbbb222222")) is None


async def test_the_same_run_is_inserted_once_even_after_it_ended(database: Database) -> None:
    ended = a_run(status=RunStatus.FAILED)
    await database.write(lambda c: runs.insert(c, ended))

    assert await database.write(lambda c: runs.insert(c, a_run())) == ended


async def test_of_many_starts_at_once_one_wins(database: Database) -> None:
    starts = [a_run(f"{n:06}aaaaaa") for n in range(12)]

    answers = await asyncio.gather(
        *(database.write(lambda c, run=run: runs.insert(c, run)) for run in starts)  # type: ignore[misc]
    )

    assert answers.count(None) == 1
    assert len(await database.read(runs.listing)) == 1


async def test_an_ended_run_makes_room_and_a_followed_one_does_not(database: Database) -> None:
    await database.write(lambda c: runs.insert(c, a_run(status=RunStatus.DONE, following=True)))
    second = a_run("bbbbbb222222")
    assert await database.write(lambda c: runs.insert(c, second)) is not None

    await database.write(lambda c: runs.update(c, "aaaaaa111111", following=False))

    assert await database.write(lambda c: runs.insert(c, second)) is None
    assert await database.read(lambda c: runs.living(c, SHOP.id, 7)) == second


async def test_other_issues_do_not_stand_in_the_way(database: Database) -> None:
    await database.write(lambda c: runs.insert(c, a_run()))

    assert await database.write(lambda c: runs.insert(c, a_run("bbbbbb222222", issue=8))) is None


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("aaaaaa111111", "aaaaaa111111"),
        ("aaaaaa11", "aaaaaa111111"),
        ("aaaaaa", None),
        ("aaaaa", None),
        ("aaaa%", None),
        ("______", None),
        ("zzzzzz", None),
    ],
)
async def test_a_run_is_found_by_a_unique_beginning(
    database: Database, asked: str, found: str | None
) -> None:
    await database.write(lambda c: runs.insert(c, a_run()))
    await database.write(lambda c: runs.insert(c, a_run("aaaaaa222222", issue=8)))

    run = await database.read(lambda c: runs.get(c, asked))

    assert (run.id if run else None) == found


async def test_runs_are_listed_newest_first(database: Database) -> None:
    for n in range(4):
        run = a_run(f"{n:06}", issue=n, created_at=float(n))
        await database.write(lambda c, run=run: runs.insert(c, run))  # type: ignore[misc]

    listed = await database.read(lambda c: runs.listing(c, 2))
    everything = await database.read(lambda c: runs.listing(c, 0))

    assert [run.issue for run in listed] == [3, 2]
    assert [run.issue for run in everything] == [3, 2, 1, 0]


async def test_work_changes_field_by_field(database: Database) -> None:
    await database.write(lambda c: runs.insert(c, a_run()))

    await database.write(lambda c: runs.update(c, "aaaaaa111111", work={"branch": "coppice/7-a"}))
    await database.write(lambda c: runs.update(c, "aaaaaa111111", work={"base_sha": "b" * 40}))

    run = await database.read(lambda c: runs.of_branch(c, SHOP.id, "coppice/7-a"))
    assert run is not None
    assert (run.work.branch, run.work.base_sha) == ("coppice/7-a", "b" * 40)
    assert run.updated_at > 1000.0


async def test_every_other_change_is_kept(database: Database) -> None:
    await database.write(lambda c: runs.insert(c, a_run()))
    error = RunError(stage="verify", kind="limit", message="three tries")

    changed = await database.write(
        lambda c: runs.update(
            c,
            "aaaaaa111111",
            status=RunStatus.FAILED,
            error=error,
            pull_request=12,
            repository="octo/store",
        )
    )

    assert changed == await database.read(lambda c: runs.of_pull_request(c, SHOP.id, 12))
    assert (changed.status, changed.error, changed.repository.full_name) == (
        RunStatus.FAILED,
        error,
        "octo/store",
    )
    cleared = await database.write(lambda c: runs.update(c, "aaaaaa111111", error=None))
    assert cleared.error is None


async def test_a_run_that_is_not_there_cannot_change(database: Database) -> None:
    with pytest.raises(NoResultFound):
        await database.write(lambda c: runs.update(c, "nothing", following=True))


async def test_the_first_stop_wins(database: Database) -> None:
    await database.write(lambda c: runs.insert(c, a_run()))
    first, second = Stop(by="ana", reason="by ana"), Stop(by=None, reason="gone")

    assert await database.write(lambda c: runs.request_stop(c, "aaaaaa111111", first))
    assert not await database.write(lambda c: runs.request_stop(c, "aaaaaa111111", second))
    assert not await database.write(lambda c: runs.request_stop(c, "nothing", second))

    run = await database.read(lambda c: runs.get(c, "aaaaaa111111"))
    assert run is not None
    assert run.stop == first
    again = await database.write(lambda c: runs.update(c, run.id, stop=None))
    assert again.stop is None


async def test_what_lives_in_an_installation_is_listed(database: Database) -> None:
    other = SHOP.model_copy(update={"id": 11})
    elsewhere = SHOP.model_copy(update={"id": 12, "installation_id": 6})
    for run in (
        a_run("living", created_at=1.0),
        a_run("ended", issue=8, status=RunStatus.CANCELLED),
        a_run("followed", issue=9, status=RunStatus.DONE, following=True, created_at=2.0),
        a_run("other", repository=other, created_at=3.0),
        a_run("elsewhere", repository=elsewhere),
    ):
        await database.write(lambda c, run=run: runs.insert(c, run))  # type: ignore[misc]

    everywhere = await database.read(lambda c: runs.living_of_installation(c, 5))
    in_one = await database.read(lambda c: runs.living_of_installation(c, 5, 11))

    assert [run.id for run in everywhere] == ["living", "followed", "other"]
    assert [run.id for run in in_one] == ["other"]


async def test_the_newest_run_of_an_issue_is_found_though_it_ended(database: Database) -> None:
    old = a_run("old", status=RunStatus.FAILED, created_at=1.0)
    new = a_run("new", status=RunStatus.CANCELLED, created_at=2.0)
    await database.write(lambda c: [runs.insert(c, new), runs.insert(c, old)])

    assert await database.read(lambda c: runs.latest(c, SHOP.id, 7)) == new
    assert await database.read(lambda c: runs.living(c, SHOP.id, 7)) is None


async def test_a_stage_is_saved_over_itself_and_keeps_its_place(database: Database) -> None:
    await database.write(lambda c: runs.insert(c, a_run()))
    plan = StageRecord(
        run_id="aaaaaa111111", key="plan-1", name="plan", attempt=1, status=StageStatus.RUNNING
    )
    verify = plan.model_copy(update={"key": "verify-1", "name": "verify"})
    await database.write(lambda c: runs.save_stage(c, plan))
    await database.write(lambda c: runs.save_stage(c, verify))
    error = RunError(stage="plan", kind="limit", message="no")
    ended = plan.model_copy(
        update={"status": StageStatus.FAILED, "ended_at": 2.5, "error": error, "result": {"n": [1]}}
    )

    await database.write(lambda c: runs.save_stage(c, ended))

    assert await database.read(lambda c: runs.stages(c, "aaaaaa111111")) == [ended, verify]


async def test_events_are_read_on_from_where_one_was(database: Database) -> None:
    await database.write(lambda c: runs.insert(c, a_run()))
    said = [RunEvent(stage="plan", attempt=1, type="say", data={"n": n}) for n in range(3)]
    await database.write(lambda c: runs.append_events(c, "aaaaaa111111", said, 5.0))
    await database.write(lambda c: runs.append_events(c, "aaaaaa111111", [], 6.0))

    listed = await database.read(lambda c: runs.events(c, "aaaaaa111111"))
    later = await database.read(lambda c: runs.events(c, "aaaaaa111111", after=listed[1][0]))

    assert [(at, event) for _, at, event in listed] == [(5.0, event) for event in said]
    assert later == listed[2:]


async def test_a_run_on_somebodys_pull_request_is_found_by_the_head_it_saw(
    database: Database,
) -> None:
    visits = a_run(status=RunStatus.DONE, work=Work(visit=VISIT))
    newer = visits.model_copy(update={"id": "cccccc333333", "created_at": 2000.0})
    for run in (a_run("bbbbbb222222", issue=8), visits, newer):
        await database.write(lambda c, run=run: runs.insert(c, run))  # type: ignore[misc]

    assert await database.read(lambda c: runs.of_visit(c, SHOP.id, VISIT.head_sha)) == newer
    assert await database.read(lambda c: runs.of_visit(c, SHOP.id, "")) is None
    assert await database.read(lambda c: runs.of_visit(c, 11, VISIT.head_sha)) is None


async def test_keys_of_a_newer_release_are_carried_along(database: Database) -> None:
    await database.write(lambda c: runs.insert(c, a_run(work=Work(visit=VISIT))))

    def newer(c: Connection) -> None:
        values = a_run(work=Work(visit=VISIT)).model_dump(mode="json")
        values["work"] |= {"later": 1, "visit": values["work"]["visit"] | {"later": [2]}}
        values["trigger"]["options"]["later"] = "three"
        changed = {name: values[name] for name in ("work", "trigger")}
        c.execute(update(tables.runs).values(changed))

    def older(c: Connection) -> None:
        """Read a run, and write back all that may be written of it."""
        run = runs.get(c, "aaaaaa111111")
        assert run is not None
        assert run.work.visit is not None
        visit = run.work.visit.model_copy(update={"turn": 2}).model_dump(mode="json")
        runs.update(c, run.id, work={"visit": visit}, trigger=run.trigger)

    def kept(c: Connection) -> list[object]:
        row = c.execute(select(tables.runs)).one()
        visit = row.work["visit"]
        return [row.work["later"], visit["later"], visit["turn"], row.trigger["options"]["later"]]

    await database.write(newer)
    await database.write(older)

    assert await database.read(kept) == [1, [2], 2, "three"]


async def test_a_run_that_means_nothing_here_is_named_and_stands_in_no_others_way(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    other = a_run("bbbbbb222222", issue=8)
    await database.write(lambda c: runs.insert(c, a_run()))
    await database.write(lambda c: runs.insert(c, other))
    wrong = {"error": {"class": "of a kind without a message"}}
    edited = update(tables.runs).where(tables.runs.c.id == "aaaaaa111111").values(wrong)
    await database.write(lambda c: c.execute(edited))

    assert await database.read(runs.all_living) == [other]
    assert "run aaaaaa111111 cannot be read by this version" in caplog.text
    with pytest.raises(Unreadable, match="coppice verify-store"):
        await database.read(lambda c: runs.get(c, "aaaaaa111111"))


async def test_a_stage_that_means_nothing_here_is_named_and_stands_in_no_others_way(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    both = [a_run(), a_run("bbbbbb222222", issue=8)]
    for run in both:
        stage = StageRecord(
            run_id=run.id, key="plan-1", name="plan", attempt=1, status=StageStatus.PASSED
        )
        await database.write(lambda c, run=run: runs.insert(c, run))  # type: ignore[misc]
        await database.write(lambda c, stage=stage: runs.save_stage(c, stage))  # type: ignore[misc]
    mine = tables.stages.c.run_id == "aaaaaa111111"
    edited = update(tables.stages).where(mine).values(status="a new one")
    await database.write(lambda c: c.execute(edited))

    found = await database.read(lambda c: runs.with_stages(c, both))

    assert [run.id for run, _ in found] == ["bbbbbb222222"]
    assert "stage plan-1 of run aaaaaa111111 cannot be read by this version" in caplog.text
    with pytest.raises(Unreadable, match="coppice verify-store"):
        await database.read(lambda c: runs.stages(c, "aaaaaa111111"))


async def test_an_event_that_means_nothing_here_is_named(database: Database) -> None:
    await database.write(lambda c: runs.insert(c, a_run()))
    said = RunEvent(stage="plan", attempt=1, type="said", data={})
    await database.write(lambda c: runs.append_events(c, "aaaaaa111111", [said], 1.0))
    await database.write(lambda c: c.execute(update(tables.events).values(data=7)))

    for read in (runs.events, lambda c, run_id: runs.recent_events(c, run_id, ["said"], 10)):
        with pytest.raises(Unreadable, match="event 1 of run aaaaaa111111"):
            await database.read(lambda c, read=read: read(c, "aaaaaa111111"))  # type: ignore[misc]


async def test_what_two_write_to_a_run_at_once_is_all_kept(database: Database) -> None:
    await database.write(lambda c: runs.insert(c, a_run()))
    notes = [Note(by="ana", text=f"word {n}") for n in range(8)]

    async def tell(note: Note) -> None:
        await database.write(
            lambda c: runs.revise(c, a_run().id, lambda work: {"notes": work.noted(note)})
        )

    await asyncio.gather(*(tell(note) for note in notes))

    found = await database.read(lambda c: runs.get(c, a_run().id))
    assert found is not None
    assert sorted(note.text for note in found.work.notes) == [note.text for note in notes]
