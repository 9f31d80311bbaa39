"""The audit log: a chain that shows every change, and rows that refuse to be changed."""

from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from bot.store import audit, tables
from bot.store.audit import Act, AuditRow, Broken, Entry
from bot.store.database import Connection, Database

_GUARDS = {
    "sqlite": (
        "DROP TRIGGER audit_UPDATEs_nothing",
        "DROP TRIGGER audit_DELETEs_nothing",
    ),
    "postgresql": ("ALTER TABLE audit DISABLE TRIGGER USER",),
}


def an_entry(**values: object) -> Entry:
    usual = {"who": "ana", "act": Act.RUN_STARTED, "run_id": "aaaaaa111111", "data": {"n": 1}}
    return Entry.model_validate(usual | values)


async def a_log(database: Database, rows: int = 3) -> None:
    for n in range(rows):
        await database.write(partial(audit.record, entry=an_entry(data={"n": n}), at=1.5 + n))


def unguarded(change: Callable[[Connection], object]) -> Callable[[Connection], None]:
    """What somebody does who may do everything to the database."""

    def do(c: Connection) -> None:
        for statement in _GUARDS[c.dialect.name]:
            c.execute(text(statement))
        change(c)
        if c.dialect.name == "postgresql":  # the tests of a session share this database
            c.execute(text("ALTER TABLE audit ENABLE TRIGGER USER"))

    return do


async def test_what_is_recorded_can_be_listed_newest_first(database: Database) -> None:
    await a_log(database, 2)

    rows = await database.read(lambda c: audit.listing(c, limit=1))

    _, head = await database.read(audit.head)
    told = an_entry(data={"n": 1}).model_dump()
    assert rows == [AuditRow(seq=2, at=2.5, hash=head, **told)]


async def test_an_unbroken_chain_verifies(database: Database) -> None:
    await a_log(database)

    assert await database.read(audit.verify) is None


async def test_an_empty_log_verifies_and_has_a_head(database: Database) -> None:
    assert await database.read(audit.verify) is None
    assert await database.read(audit.head) == (0, audit.START)


async def test_the_same_key_is_recorded_once(database: Database) -> None:
    for _ in range(2):
        await database.write(lambda c: audit.record(c, an_entry(key="again/1")))

    assert len(await database.read(audit.listing)) == 1


@pytest.mark.parametrize(
    "change",
    [
        update(tables.audit).where(tables.audit.c.seq == 2).values(who="mallory"),
        delete(tables.audit).where(tables.audit.c.seq == 2),
    ],
    ids=["update", "delete"],
)
async def test_the_database_refuses_to_change_a_row(database: Database, change: object) -> None:
    await a_log(database)

    with pytest.raises(DBAPIError, match="only grows"):
        await database.write(lambda c: c.execute(change))  # type: ignore[call-overload]

    assert await database.read(audit.verify) is None


@pytest.mark.parametrize(
    ("column", "value"),
    [("who", "mallory"), ("at", 99.0), ("data", {"n": 7}), ("key", "k"), ("hash", "0" * 64)],
)
async def test_a_changed_row_is_the_first_broken_link(
    database: Database, column: str, value: object
) -> None:
    await a_log(database)
    change = update(tables.audit).where(tables.audit.c.seq == 2).values({column: value})

    await database.write(unguarded(lambda c: c.execute(change)))

    broken = await database.read(audit.verify)
    assert broken == Broken(seq=2, why="row 2 is not what was written")


async def test_a_missing_row_breaks_the_chain(database: Database) -> None:
    await a_log(database)
    removal = delete(tables.audit).where(tables.audit.c.seq == 2)

    await database.write(unguarded(lambda c: c.execute(removal)))

    assert await database.read(audit.verify) == Broken(seq=2, why="row 2 is missing")


async def test_a_cut_end_shows_against_a_head_that_was_noted(database: Database) -> None:
    await a_log(database)
    noted = await database.read(audit.head)
    removal = delete(tables.audit).where(tables.audit.c.seq == 3)

    await database.write(unguarded(lambda c: c.execute(removal)))

    assert await database.read(audit.verify) is None
    broken = await database.read(lambda c: audit.verify(c, noted))
    assert broken == Broken(seq=3, why="the log ends before row 3, which was noted")


async def test_a_log_written_anew_shows_against_a_head_that_was_noted(database: Database) -> None:
    await a_log(database, 1)
    noted = await database.read(audit.head)

    await database.write(unguarded(lambda c: c.execute(delete(tables.audit))))
    await database.write(lambda c: audit.record(c, an_entry(who="mallory")))

    broken = await database.read(lambda c: audit.verify(c, noted))
    assert broken == Broken(seq=1, why="row 1 has another hash than was noted")


async def test_an_entry_goes_with_the_transaction_that_it_tells_of(database: Database) -> None:
    def fail(c: Connection) -> None:
        audit.record(c, an_entry())
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(fail)

    assert await database.read(audit.listing) == []
