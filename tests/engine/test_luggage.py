"""What a run takes along: its files and its kept work are there on the machine that goes on."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.engine.cluster.luggage import Luggage
from bot.runs import RepositoryRef, Run
from bot.store.cluster import run_files
from bot.store.database import Database
from bot.worktree import Mirrors, Works
from tests.store.rows import a_run
from tests.worktree.hub import TOKEN
from tests.worktree.rooms import APP, FILES, REPOSITORY, RUN, Room, open_room

pytestmark = pytest.mark.slow
SHOP = RepositoryRef(id=REPOSITORY, full_name="acme/shop", installation_id=1)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path) as room:
        room.hub.commit(FILES)
        yield room


@pytest.fixture
async def database(postgresql_url: str) -> AsyncIterator[Database]:
    database = await Database.open(postgresql_url)
    yield database
    await database.close()


async def never(_: Run) -> None:
    raise AssertionError("the mirror has it")


def elsewhere(room: Room, database: Database, folder: Path) -> Luggage:
    """The luggage of another machine, which has no mirror yet."""
    mirrors = Mirrors(folder / "mirrors")

    async def bring(_: Run) -> None:
        await mirrors.fetch(REPOSITORY, room.hub.url, TOKEN, ["refs/heads/main"])

    return Luggage(database=database, works=Works(folder / "runs", mirrors), bring=bring)


async def a_commit(room: Room, base: str) -> str:
    objects = room.objects()
    return await objects.commit(await objects.tree(base), (base,), "Work", author=APP, at=0)


def run(base: str) -> Run:
    found = a_run(RUN, repository=SHOP)
    return found.model_copy(
        update={"work": found.work.model_copy(update={"base_sha": base, "base_ref": "main"})}
    )


async def test_kept_work_and_files_are_there_on_another_machine(
    room: Room, database: Database, tmp_path: Path
) -> None:
    base = await room.fetch()
    commit = await a_commit(room, base)
    (room.works.root / RUN / "config.json").write_text("{}")
    here = Luggage(database=database, works=room.works, bring=never)
    await here.keep(run(base), commit)
    there = elsewhere(room, database, tmp_path / "other")

    await there.unpack(run(base))

    assert await there.works.open(REPOSITORY, RUN).has(commit)
    assert (there.works.root / RUN / "config.json").read_text() == "{}"


async def test_what_changed_elsewhere_comes_back_and_nothing_is_sent_twice(
    room: Room, database: Database, tmp_path: Path
) -> None:
    base = await room.fetch()
    here = Luggage(database=database, works=room.works, bring=never)
    there = elsewhere(room, database, tmp_path / "other")
    for luggage, words in ((here, "first"), (there, "second")):
        path = luggage.works.root / RUN / "round.json"
        await luggage.unpack(run(base))
        path.write_text(words)
        await luggage.pack(RUN)

    await here.unpack(run(base))
    (here.works.root / RUN / "round.json").touch()
    await here.pack(RUN)

    assert (room.works.root / RUN / "round.json").read_text() == "second"
    kept = await database.read(lambda c: run_files.get(c, RUN, "round.json"))
    assert kept == b"second"


@contextmanager
def held_up(database: Database) -> Iterator[None]:
    """Let nobody write files of runs until the block is left."""
    with database.engine.connect() as other, other.begin():
        other.execute(text("LOCK TABLE run_files"))
        yield


async def test_who_packs_beside_another_waits_until_it_is_there(
    room: Room, database: Database
) -> None:
    base = await room.fetch()
    here = Luggage(database=database, works=room.works, bring=never)
    await here.unpack(run(base))
    (here.works.root / RUN).mkdir(exist_ok=True)
    (here.works.root / RUN / "work.bundle").write_bytes(b"work")

    with held_up(database):
        first = asyncio.create_task(here.pack(RUN))
        await asyncio.sleep(0.1)
        second = asyncio.create_task(here.pack(RUN))
        done, _ = await asyncio.wait((first, second), timeout=1)
    await asyncio.gather(first, second)

    assert not done
    assert await database.read(lambda c: run_files.get(c, RUN, "work.bundle")) == b"work"


async def test_what_was_broken_off_is_packed_the_next_time(room: Room, database: Database) -> None:
    base = await room.fetch()
    here = Luggage(database=database, works=room.works, bring=never)
    await here.unpack(run(base))
    for name in ("a.json", "work.bundle"):
        (here.works.root / RUN / name).write_text(name)

    with held_up(database):
        stopped = asyncio.create_task(here.pack(RUN))
        await asyncio.sleep(0.1)
        stopped.cancel()
        await asyncio.wait((stopped,))
    await here.pack(RUN)

    kept = await database.read(lambda c: run_files.digests(c, RUN))
    assert sorted(kept) == ["a.json", "work.bundle"]


@pytest.mark.parametrize("name", ["../config.json", "git/config", ".."])
async def test_a_name_that_leaves_the_folder_is_refused(
    room: Room, database: Database, name: str
) -> None:
    base = await room.fetch()
    await database.write(lambda c: run_files.put(c, RUN, name, "0", b"x"))

    with pytest.raises(ValueError, match="is not the name of a file"):
        await Luggage(database=database, works=room.works, bring=never).unpack(run(base))
