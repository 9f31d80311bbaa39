"""What a run may still spend."""

from typing import Any

import pytest

from bot.engine.budget import lowest, purse
from bot.runs import (
    Budget,
    Grant,
    Options,
    Person,
    Publish,
    RepositoryRef,
    Run,
    Spend,
    StageRecord,
    StageStatus,
    Trigger,
    Work,
)


def run(*, options: Budget | None = None, grant: Grant | None = None) -> Run:
    return Run(
        id="r",
        repository=RepositoryRef(id=1, full_name="a/b", installation_id=1),
        issue=1,
        pipeline="fix",
        agent="loop",
        publish=Publish.PR,
        trigger=Trigger(
            delivery="g",
            by=Person(id=1, login="ana"),
            title="",
            body="",
            at="",
            options=Options(budget=options),
        ),
        work=Work(grant=grant),
        created_at=0,
        updated_at=0,
    )


def worked(name: str, begun: float, ended: float | None, **result: float) -> StageRecord:
    return StageRecord(
        run_id="r",
        key=f"{name}-{begun}",
        name=name,
        attempt=1,
        status=StageStatus.PASSED,
        started_at=begun,
        ended_at=ended,
        result=result,
    )


def left(spent: Spend, allowed: Budget, **more: Any) -> Budget:
    return purse(run(**more), allowed, spent, [], 0).left


def test_the_tightest_of_several_budgets_binds() -> None:
    assert lowest(Budget(usd=2, minutes=30), Budget(usd=1), Budget(turns=5)) == Budget(
        usd=1, minutes=30, turns=5
    )
    assert lowest() == Budget()


def test_what_was_spent_is_taken_off() -> None:
    spent = Spend(calls=3, input_tokens=100, output_tokens=10, usd=0.5)

    assert left(spent, Budget(usd=2, tokens=200, turns=10)) == Budget(usd=1.5, tokens=90, turns=7)


def test_an_unknown_price_is_bounded_by_tokens() -> None:
    spent = Spend(calls=1, unpriced=1, unpriced_tokens=500_000, input_tokens=500_000)

    assert left(spent, Budget(usd=2)) == Budget(usd=1.5)


def test_minutes_are_those_in_which_agents_work() -> None:
    stages = [worked("plan", 0, 60), worked("verify", 60, 600), worked("implement", 600, None)]

    found = purse(run(), Budget(minutes=10), Spend(), stages, now=720)

    assert found.left == Budget(minutes=7)


def test_minutes_in_which_agents_wait_for_their_model_do_not_count() -> None:
    stages = [
        worked("plan", 0, 360, waited=300.0),
        worked("implement", 600, None, waited=60.0, waits_since=840.0),
    ]

    found = purse(run(), Budget(minutes=10), Spend(), stages, now=5_000)

    assert found.left == Budget(minutes=6)


def test_a_person_can_lower_it_at_the_start_and_not_raise_it() -> None:
    assert left(Spend(), Budget(usd=2), options=Budget(usd=1)) == Budget(usd=1)
    assert left(Spend(), Budget(usd=2), options=Budget(usd=9)) == Budget(usd=2)


def test_a_retry_with_money_counts_from_then_on() -> None:
    grant = Grant(budget=Budget(usd=5), spent=Spend(usd=2), at=100)

    found = purse(run(grant=grant), Budget(usd=2), Spend(usd=2.5), [], 0)

    assert (found.left, found.empty) == (Budget(usd=4.5), None)
    assert found.budget == Budget(usd=7)


def test_what_a_retry_does_not_name_is_allowed_anew_and_stays_bounded() -> None:
    grant = Grant(budget=Budget(usd=5), spent=Spend(input_tokens=900), at=100)

    found = purse(
        run(grant=grant), Budget(usd=2, tokens=1000), Spend(input_tokens=1000, usd=2), [], 0
    )

    assert (found.left, found.empty) == (Budget(usd=3, tokens=900), None)


@pytest.mark.parametrize(
    ("spent", "allowed", "said"),
    [
        (Spend(usd=2), Budget(usd=2), "$2.00 of $2.00"),
        (Spend(usd=0), Budget(usd=0), "$0.00 of $0.00"),
        (Spend(calls=200), Budget(turns=200), "200 of 200 turns"),
        (Spend(usd=1.99), Budget(usd=2), None),
        (Spend(usd=99), Budget(), None),
    ],
)
def test_what_is_used_up_is_said(spent: Spend, allowed: Budget, said: str | None) -> None:
    assert purse(run(), allowed, spent, [], 0).empty == said
