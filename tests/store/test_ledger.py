"""Effects, secrets and baselines as the database keeps them."""

import pytest
from sqlalchemy.exc import NoResultFound

from bot.runs import Applied, CommandResult
from bot.store import baselines, ledger, secrets
from bot.store.database import Database
from bot.store.ledger import LedgerRow, LedgerStatus

RESULT = CommandResult(name="test", command="pytest", exit_code=1, seconds=2.5, output="failed")


async def begin(database: Database, key: str, installation_id: int = 5) -> LedgerRow:
    return await database.write(
        lambda c: ledger.begin(
            c, key, run_id="run", installation_id=installation_id, kind="comment", at=1.0
        )
    )


async def test_an_effect_is_begun_once_and_applied_often(database: Database) -> None:
    begun = await begin(database, "k")
    comment = Applied(id=3, url="http://forge/3", wrote=True)

    for at, wrote in ((2.0, True), (3.0, False), (4.0, True)):
        await database.write(
            lambda c, at=at, wrote=wrote: ledger.applied(  # type: ignore[misc]
                c, "k", comment, digest="d", wrote=wrote, at=at
            )
        )

    row = await begin(database, "k")
    changed = {"status": LedgerStatus.APPLIED, "object": comment, "digest": "d", "last_at": 4.0}
    assert row == begun.model_copy(update=changed | {"writes": 2})
    assert await database.read(lambda c: ledger.count(c, "run")) == 1


async def test_an_effect_that_was_not_begun_cannot_be_applied(database: Database) -> None:
    with pytest.raises(NoResultFound):
        await database.write(
            lambda c: ledger.applied(c, "k", Applied(wrote=True), digest="", wrote=True, at=1.0)
        )


async def test_what_is_not_written_when_an_installation_goes_is_void(database: Database) -> None:
    await begin(database, "written")
    await database.write(
        lambda c: ledger.applied(c, "written", Applied(wrote=True), digest="", wrote=True, at=1.0)
    )
    await begin(database, "pending")
    await begin(database, "elsewhere", installation_id=6)

    assert await database.write(lambda c: ledger.void_installation(c, 5)) == 1

    rows = await database.read(
        lambda c: [ledger.get(c, key) for key in ("written", "pending", "elsewhere", "none")]
    )
    assert [row and row.status for row in rows] == ["applied", "void", "pending", None]


async def test_what_an_effect_left_open_is_known_until_it_is_completed(database: Database) -> None:
    at_work, over = Applied(id=1, open=True, wrote=True), Applied(id=1, wrote=True)
    await begin(database, "never applied")
    await begin(database, "k")
    await database.write(lambda c: ledger.applied(c, "k", at_work, digest="a", wrote=True, at=1.0))

    assert await database.read(lambda c: ledger.still_open(c, "run", "comment")) == [at_work]
    assert await database.read(lambda c: ledger.still_open(c, "run", "check_run")) == []
    assert await database.read(lambda c: ledger.still_open(c, "other", "comment")) == []

    await database.write(lambda c: ledger.applied(c, "k", over, digest="b", wrote=True, at=2.0))
    assert await database.read(lambda c: ledger.still_open(c, "run", "comment")) == []


async def test_a_secret_is_made_once(database: Database) -> None:
    first = await database.write(lambda c: secrets.get_or_create(c, "marker", lambda: b"\x00one"))
    second = await database.write(lambda c: secrets.get_or_create(c, "marker", lambda: b"two"))

    assert (first, second) == (b"\x00one", b"\x00one")


async def test_a_baseline_is_kept_by_commit_and_commands(database: Database) -> None:
    better = RESULT.model_copy(update={"exit_code": 0})
    await database.write(lambda c: baselines.put(c, 10, "c" * 40, "d", [RESULT]))
    await database.write(lambda c: baselines.put(c, 10, "c" * 40, "d", [better]))

    assert await database.read(lambda c: baselines.get(c, 10, "c" * 40, "d")) == [better]
    assert await database.read(lambda c: baselines.get(c, 10, "c" * 40, "e")) is None
    assert await database.read(lambda c: baselines.get(c, 11, "c" * 40, "d")) is None
