"""Who names no plan means the one that stood there: another one that came since is not approved."""

import pytest

from bot.runs import Shown, Work

HASH = "3b7e" * 16
BEFORE, AT, AFTER = (f"2026-01-01T00:00:0{n}Z" for n in (4, 5, 6))


def work(*, instead: bool) -> Work:
    return Work(plan_hash=HASH, shown=Shown(hash=HASH, at=AT, instead=instead))


@pytest.mark.parametrize("at", [BEFORE, AT, AFTER, None])
def test_of_a_first_plan_a_command_can_mean_no_other(at: str | None) -> None:
    assert work(instead=False).read_by(at)


@pytest.mark.parametrize(
    ("at", "read"), [(BEFORE, False), (AT, True), (AFTER, True), (None, False)]
)
def test_a_command_from_before_the_plan_changed_means_the_older_one(
    at: str | None, *, read: bool
) -> None:
    assert work(instead=True).read_by(at) is read


@pytest.mark.parametrize("instead", [True, False])
def test_a_label_counts_where_the_plan_was_there_to_read(*, instead: bool) -> None:
    shown = work(instead=instead)

    assert not shown.read_by(BEFORE, surely=True)
    assert shown.read_by(AT, surely=True) is not instead
    assert shown.read_by(AFTER, surely=True)
    assert not shown.read_by(None, surely=True)


@pytest.mark.parametrize("shown", [Shown(hash="ffff" * 16, at=AT), Shown(hash="", at=AT)])
def test_what_is_not_on_the_page_is_meant_by_nobody(shown: Shown) -> None:
    assert not Work(plan_hash=HASH, shown=shown).read_by(AFTER)


def test_what_waits_since_an_older_release_takes_no_label() -> None:
    waits = Work(plan_hash=HASH)

    assert waits.read_by(AT)
    assert not waits.read_by(AT, surely=True)
