"""A run whose issue or pull request ended while nobody listened is told when GitHub is asked."""

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.errors import EffectDelayed, EffectRefused
from bot.github.happened import Line, Place
from bot.intake.labels import Labels, Starting
from bot.intake.unheard import UNHEARD_SECONDS, Unheard
from bot.runs import MessageKind, RepositoryRef, RunStatus, Tell, Work
from bot.store import runs
from bot.store.database import Database
from bot.store.journal.arrivals import Arrival
from tests.store.rows import VISIT, a_run

ANA = {"login": "ana", "type": "User"}
ISSUE, PULL = "/repos/octo/shop/issues/7", "/repos/octo/shop/pulls/8"


def ago(seconds: float) -> str:
    at = datetime.now(UTC) - timedelta(seconds=seconds)
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


LONG_AGO = ago(4 * 86400)


@dataclass
class GitHub:
    """What it says of an address; an error is raised."""

    says: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def getitem(self, url: str) -> Any:
        self.asked.append(url)
        found = self.says[url]
        if isinstance(found, Exception):
            raise found
        return found


class Labelled:
    """Issues that never had a label that matters."""

    async def places(self) -> Sequence[Place]:
        return ()

    async def starting(self, _: RepositoryRef) -> Starting:
        return Starting(trigger="coppice", plan="coppice:plan")

    async def labelled(self, _ref: RepositoryRef, _label: str, _since: float) -> Sequence[Any]:
        return ()

    async def timeline(self, _ref: RepositoryRef, _number: int) -> Sequence[Line]:
        return ()

    async def edited_at(self, _ref: RepositoryRef, _number: int) -> float | None:
        return None


@pytest.fixture
async def database(either_url: str) -> AsyncIterator[Database]:
    opened = await Database.open(either_url)
    yield opened
    await opened.close()


async def looked(database: Database, github: GitHub, lost: str = "") -> list[Tell]:
    """Look once; answer what runs were told; ``lost``: the run that cannot be told anything."""
    told: list[Tell] = []
    entered: list[Arrival] = []

    async def reader(_: RepositoryRef) -> GitHub:
        return github

    async def tell(each: Tell) -> None:
        if each.run_id == lost:
            raise LookupError("there is no such workflow")
        told.append(each)

    async def enter(arrival: Arrival) -> int:
        entered.append(arrival)
        return 1

    labels = Labels(database=database, github=Labelled(), me=1, between=0)
    looker = Unheard(database=database, reader=reader, labels=labels, between=0)
    count = await looker.once(tell, enter)
    assert (count, entered) == (len(told), [])
    return told


async def at_work(database: Database, **values: Any) -> None:
    usual = {"status": RunStatus.WAITING}
    await database.write(lambda c: runs.insert(c, a_run(**usual | values)))


async def following(database: Database) -> None:
    await at_work(database, status=RunStatus.DONE, following=True, pull_request=8)


async def test_a_run_whose_issue_was_closed_is_stopped(database: Database) -> None:
    await at_work(database)
    closed = {"state": "closed", "closed_at": LONG_AGO, "closed_by": ANA}

    (told,) = await looked(database, GitHub({ISSUE: closed}))

    assert (told.run_id, told.message.kind) == ("aaaaaa111111", MessageKind.STOP)
    assert (told.message.reason, told.message.by) == ("the issue was closed by ana", "ana")


@pytest.mark.parametrize("merged", [True, False])
async def test_a_run_whose_pull_request_is_over_is_told_how(
    database: Database, *, merged: bool
) -> None:
    await following(database)
    by = ANA if merged else None
    over = {"state": "closed", "closed_at": LONG_AGO, "merged": merged, "merged_by": by}

    (told,) = await looked(database, GitHub({PULL: over}))

    assert (told.message.kind, told.message.merged) == (MessageKind.CLOSED, merged)
    words = "merged by ana" if merged else "closed"
    assert told.message.reason == f"pull request #8 was {words}"


@pytest.mark.parametrize(
    "issue",
    [
        {"state": "open", "closed_at": None},
        {"state": "closed", "closed_at": LONG_AGO, "closed_by": {"login": "b", "type": "Bot"}},
        EffectRefused("not_found", "it is not there"),
        EffectDelayed("a limit", 60.0),
        TimeoutError(),
        [],
        {"state": "closed", "closed_at": "yesterday"},
        {"state": "closed", "closed_at": LONG_AGO, "closed_by": "ana"},
    ],
    ids=[
        "open",
        "closed by a machine",
        "not there",
        "a limit",
        "no answer",
        "a list",
        "a date that is none",
        "a shape that is none",
    ],
)
async def test_what_is_not_plainly_over_ends_nothing(database: Database, issue: Any) -> None:
    await at_work(database)

    assert await looked(database, GitHub({ISSUE: issue})) == []


async def test_what_was_closed_just_now_is_left_to_its_delivery(database: Database) -> None:
    await at_work(database)
    closed_at = ago(UNHEARD_SECONDS - 60)  # of now: the tests were collected long ago
    issue = {"state": "closed", "closed_at": closed_at, "closed_by": ANA}

    assert await looked(database, GitHub({ISSUE: issue})) == []


async def test_one_that_cannot_be_asked_about_hides_no_other(database: Database) -> None:
    await at_work(database)
    await at_work(database, id="bbbbbb222222", issue=9)
    closed = {"state": "closed", "closed_at": LONG_AGO, "closed_by": ANA}
    github = GitHub({ISSUE: TimeoutError(), ISSUE.replace("7", "9"): closed})

    assert [each.run_id for each in await looked(database, github)] == ["bbbbbb222222"]


async def test_one_that_cannot_be_told_hides_no_other(database: Database) -> None:
    await at_work(database)
    await at_work(database, id="bbbbbb222222", issue=9)
    closed = {"state": "closed", "closed_at": LONG_AGO, "closed_by": ANA}
    github = GitHub({ISSUE: closed, ISSUE.replace("7", "9"): closed})

    told = await looked(database, github, lost="aaaaaa111111")

    assert [each.run_id for each in told] == ["bbbbbb222222"]


async def test_nobody_asks_about_what_is_young_has_ended_or_looks_for_itself(
    database: Database,
) -> None:
    await at_work(database, status=RunStatus.CANCELLED)
    await at_work(database, id="cccccc333333", issue=8, created_at=time.time())
    await at_work(database, id="bbbbbb222222", issue=9, work=Work(visit=VISIT))
    github = GitHub()

    assert (await looked(database, github), github.asked) == ([], [])
