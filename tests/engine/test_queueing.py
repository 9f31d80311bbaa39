"""What those who wait are told of their place, and when it is worth a write to GitHub."""

import pytest

from bot.engine.queueing import Told


def told(place: int, wait: float | None) -> Told:
    return Told(place=place, wait=wait, at=0.0)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ((9, 900.0), (6, 900.0)),  # a third nearer
        ((9, 900.0), (12, 900.0)),
        ((2, 200.0), (1, 200.0)),  # next
        ((8, None), (8, 600.0)),  # there is an estimate now
        ((8, 600.0), (8, 1000.0)),  # runs take longer than was said
    ],
)
def test_much_is_told(before: tuple[int, float | None], now: tuple[int, float | None]) -> None:
    assert told(*before).is_old_news(*now)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ((9, 900.0), (9, 900.0)),
        ((9, 900.0), (8, 850.0)),
        ((30, 3000.0), (25, 2600.0)),
        ((3, 60.0), (3, 80.0)),  # within a minute of what was said
    ],
)
def test_little_is_not(before: tuple[int, float | None], now: tuple[int, float | None]) -> None:
    assert not told(*before).is_old_news(*now)
