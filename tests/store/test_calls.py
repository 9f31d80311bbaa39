"""Calls of models as the database keeps and adds them up, on SQLite and on PostgreSQL."""

import asyncio
from typing import Any

import pytest

from bot.runs import Budget, RunStatus, Spend, Stop
from bot.store import calls, costs, limits, runs
from bot.store.calls import Call, CallStatus
from bot.store.costs import By
from bot.store.database import Database
from bot.store.limits import Limit, Past, Refused, Scope
from tests.store.rows import a_run

DAY = 86400.0


def a_call(**values: Any) -> Call:
    usual: dict[str, Any] = {
        "run_id": "aaaaaa111111",
        "stage": "implement",
        "role": "implement",
        "attempt": 1,
        "installation_id": 5,
        "repository_id": 10,
        "repository": "octo/shop",
        "person": "ana",
        "endpoint": "default",
        "model": "small",
        "api": "chat",
        "status": CallStatus.DONE,
        "input_tokens": 100,
        "output_tokens": 10,
        "usd": 0.5,
        "started_at": 10 * DAY,
        "seconds": 2.0,
    }
    return Call(**usual | values)


async def insert(database: Database, *made: Call) -> None:
    for call in made:
        await database.write(lambda c, call=call: calls.insert(c, call))  # type: ignore[misc]


async def test_a_call_that_nobody_answered_is_neither_priced_nor_of_an_unknown_price(
    database: Database,
) -> None:
    nothing = {"status": CallStatus.FAILED, "input_tokens": 0, "output_tokens": 0}
    await insert(
        database,
        a_call(**nothing, usd=None),
        a_call(**nothing, usd=None, subscription=True),
        a_call(**nothing, usd=0.0),
        a_call(status=CallStatus.FAILED, estimated=True),
    )

    spent = await database.read(lambda c: calls.spend(c, "aaaaaa111111"))

    assert (spent.calls, spent.unanswered, spent.answered) == (4, 3, 1)
    assert (spent.unpriced, spent.subscribed) == (0, 0)


async def test_a_call_is_reserved_and_settled(database: Database) -> None:
    reserved = a_call(status=CallStatus.RESERVED, usd=2.0, output_tokens=1000)
    row = await database.write(lambda c: limits.reserve(c, reserved))
    assert isinstance(row, int)

    await database.write(lambda c: calls.settle(c, row, a_call(error="cut")))

    assert await database.read(lambda c: calls.listing(c, "aaaaaa111111")) == [a_call(error="cut")]


async def test_parallel_reservations_do_not_pass_a_limit_together(database: Database) -> None:
    limit = Limit(
        scope=Scope.INSTALLATION, since=0.0, most=Budget(usd=2.2), name="this month's budget"
    )

    made = await asyncio.gather(
        *(database.write(lambda c: limits.reserve(c, a_call(), [limit])) for _ in range(10))
    )

    refused = Refused(
        limit="this month's budget", used="$2.00 of $2.20 used, and the next call may cost $0.50"
    )
    assert [each for each in made if not isinstance(each, int)] == [refused] * 6


async def test_old_calls_and_new_ones_count_against_a_limit_as_time_goes_on(
    database: Database,
) -> None:
    past = Past()
    limit = Limit(scope=Scope.INSTALLATION, since=10 * DAY, most=Budget(turns=30), name="month")
    await insert(database, a_call(started_at=9 * DAY), a_call(installation_id=6))

    made = []
    for hour in range(0, 24 * 10, 6):
        call = a_call(started_at=10 * DAY + hour * 3600.0 + 7)
        reserved = await database.write(
            lambda c, call=call: limits.reserve(c, call, [limit], past)  # type: ignore[misc]
        )
        made.append(isinstance(reserved, int))

    assert made == [True] * 30 + [False] * 10


async def test_what_a_run_spent_is_added_up_by_stage_role_and_model(database: Database) -> None:
    await insert(
        database,
        a_call(stage="plan", role="plan", model="large", cached_tokens=50),
        a_call(reasoning_tokens=4),
        a_call(usd=None, estimated=True),
        a_call(usd=None, subscription=True),
        a_call(status=CallStatus.REFUSED, usd=9.0),
        a_call(run_id="other"),
    )

    whole = await database.read(lambda c: calls.spend(c, "aaaaaa111111"))
    plan = await database.read(lambda c: calls.spend(c, "aaaaaa111111", role="plan"))
    split = await database.read(lambda c: calls.spend_by_model(c, "aaaaaa111111"))

    assert whole == Spend(
        calls=4,
        input_tokens=400,
        cached_tokens=50,
        output_tokens=40,
        reasoning_tokens=4,
        usd=1.0,
        unpriced=1,
        unpriced_tokens=110,
        subscribed=1,
        estimated=1,
        seconds=8.0,
    )
    assert (plan.calls, plan.usd) == (1, 0.5)
    assert [(role, model, spend.calls) for role, model, spend in split] == [
        ("plan", "large", 1),
        ("implement", "small", 3),
    ]
    assert await database.read(lambda c: calls.spend(c, "nobody")) == Spend()


@pytest.mark.parametrize(
    ("by", "names"),
    [
        (By.REPOSITORY, ["octo/dear", "octo/shop"]),
        (By.MODEL, ["large", "small"]),
        (By.PERSON, ["bob", "ana"]),
        (By.DAY, ["1970-01-11", "1970-01-12"]),
    ],
)
async def test_spending_is_split(by: By, names: list[str], database: Database) -> None:
    dear = {"repository": "octo/dear", "model": "large", "person": "bob", "usd": 3.0}
    await insert(
        database,
        a_call(started_at=9 * DAY),
        a_call(started_at=10.99 * DAY),
        a_call(started_at=11 * DAY, run_id="bbbbbb", **dear),
    )

    found = await database.read(lambda c: costs.spend_by(c, by, since=10 * DAY))

    assert [name for name, _, _ in found] == names
    assert sum(spend.usd for _, _, spend in found) == 3.5
    assert [count for _, count, _ in found] == [1, 1]


async def test_spending_is_split_by_what_came_of_the_runs(database: Database) -> None:
    merged = Stop(by="ana", reason="merged", kind="closed", merged=True)
    made: dict[str, dict[str, Any]] = {
        "aaaaaa1": {"status": RunStatus.DONE, "pull_request": 3, "stop": merged},
        "aaaaaa2": {"status": RunStatus.DONE, "pull_request": 4, "following": True},
        "aaaaaa3": {"status": RunStatus.DONE, "pull_request": 5},
        "aaaaaa4": {"status": RunStatus.FAILED},
    }
    for number, (run_id, values) in enumerate(made.items()):
        run = a_run(run_id, issue=number, **values)
        await database.write(lambda c, run=run: runs.insert(c, run))  # type: ignore[misc]
        await insert(database, a_call(run_id=run_id, usd=1.0), a_call(run_id=run_id, usd=0.25))
    await insert(database, a_call(run_id="gone"))

    found = await database.read(lambda c: costs.spend_by(c, By.OUTCOME))

    assert [(name, count, spend.usd) for name, count, spend in found] == [
        ("closed", 1, 1.25),
        ("failed", 1, 1.25),
        ("merged", 1, 1.25),
        ("open", 1, 1.25),
        ("none", 1, 0.5),
    ]
