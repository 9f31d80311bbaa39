"""Two pictures of GitHub are compared object by object; growth is told from noise."""

from collections import Counter

from benchmarks.chaos import picture
from benchmarks.chaos.picture import Thing
from benchmarks.soak.holding import Growth, Sample, growths


def test_what_is_missing_counts_as_lost_and_what_is_there_twice_as_doubled() -> None:
    one, two = Thing("one", "said"), Thing("two", "said")

    found = picture.compare(Counter([one, one]), Counter([one, two]))

    assert (found.lost, found.doubled, found.changed) == (["one"], ["two"], [])


def held(memory: float, at: float) -> Sample:
    return Sample(at=at, memory_mb=memory, handles=40, threads=12, processes=3, temporary_files=5)


def of_memory(samples: list[Sample]) -> Growth:
    return next(growth for growth in growths(samples) if growth.what == "memory_mb")


def test_memory_that_grows_all_the_time_is_not_flat() -> None:
    leaking = [held(200 + at / 10, at) for at in range(0, 1800, 30)]

    assert not of_memory(leaking).flat


def test_memory_that_swings_around_one_level_is_flat() -> None:
    swinging = [held(200 + (at // 30 % 5) * 8, at) for at in range(0, 1800, 30)]

    assert of_memory(swinging).flat
