"""Budgets as people write them, and what was spent added up."""

import pytest
from hypothesis import strategies as st

from bot.runs import Budget, Grant, Spend, parse_budget
from tests.given import given

COUNTS = st.none() | st.integers(0, 10**12 - 1)
AMOUNTS = st.none() | st.integers(0, 10**9).map(lambda n: n / 1000)


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("", Budget()),
        ("5usd", Budget(usd=5)),
        ("0.50usd", Budget(usd=0.5)),
        ("2usd 30min", Budget(usd=2, minutes=30)),
        (" 2USD,30min ", Budget(usd=2, minutes=30)),
        ("2000000tokens 200turns", Budget(tokens=2_000_000, turns=200)),
    ],
)
def test_a_budget_is_read_as_people_write_it(text: str, budget: Budget) -> None:
    assert parse_budget(text) == budget


@pytest.mark.parametrize(
    "text",
    [
        "5",
        "$5",
        "5 usd",
        "-1usd",
        "1e9usd",
        "5usd 6usd",
        "1.5turns",
        "infusd",
        "\u0665usd",
        "9" * 99,
    ],
)
def test_what_is_no_budget_is_told_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write it as `5usd`"):
        parse_budget(text)


@given(usd=AMOUNTS, minutes=AMOUNTS, tokens=COUNTS, turns=COUNTS)
def test_what_is_written_is_read_again(
    usd: float | None, minutes: float | None, tokens: int | None, turns: int | None
) -> None:
    budget = Budget(usd=usd, minutes=minutes, tokens=tokens, turns=turns)

    assert parse_budget(str(budget)) == budget


def test_spending_is_added_up() -> None:
    one = Spend(calls=1, input_tokens=10, output_tokens=2, usd=0.5, seconds=1.0)
    other = Spend(calls=2, input_tokens=5, unpriced=1, unpriced_tokens=5, subscribed=1)

    assert one + other == Spend(
        calls=3,
        input_tokens=15,
        output_tokens=2,
        usd=0.5,
        unpriced=1,
        unpriced_tokens=5,
        subscribed=1,
        seconds=1.0,
    )
    assert (one + other).tokens == 17


def test_what_a_grant_keeps_a_release_back_reads_too() -> None:
    spent = Spend(calls=2, unanswered=1, usd=0.5)

    kept = Grant(budget=Budget(usd=5), spent=spent, at=100).model_dump(mode="json")

    assert "unanswered" not in kept["spent"]
    assert Grant.model_validate(kept).spent == spent.model_copy(update={"unanswered": 0})
