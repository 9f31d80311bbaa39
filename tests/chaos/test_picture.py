"""Two pictures of GitHub are compared object by object; growth is told from noise."""

from collections import Counter

from benchmarks.chaos import picture
from benchmarks.chaos.picture import Thing
from benchmarks.soak.holding import Growth, Sample, growths


def test_what_is_missing_counts_as_lost_and_what_is_there_twice_as_doubled() -> None:
    one, two = Thing("one", "said"), Thing("two", "said")

    found = picture.compare(Counter([one, one]), Counter([one, two]))

    assert (found.lost, found.doubled, found.changed) == (["one"], ["two"], [])


STOPPED = "**Stopped: `/coppice stop` by ana** · 3 s · [log](http://127.0.0.1:1/runs/1)"
PATCH = " · patch: `coppice patch 4f9a1c2b7d3e`"
GIVEN = "\n\n<details><summary>What the agent was given</summary>\n\nIssue #1.\n</details>"
END = "\n<!-- status -->"


def test_how_far_a_run_had_come_when_it_was_stopped_makes_no_difference() -> None:
    early, late = STOPPED + END, STOPPED + PATCH + GIVEN + END

    assert picture.plain(early, {}) == picture.plain(late, {})


def test_what_a_model_was_asked_again_after_a_kill_makes_no_difference() -> None:
    once, again = "Implement: `m`, 1 call, $0.01.", "Implement: `m`, 4 calls, $0.03."

    assert picture.plain(once, {}) == picture.plain(again, {})


def test_a_patch_that_is_missing_elsewhere_makes_one() -> None:
    failed = "**Failed: the agent changed no files**"

    assert picture.plain(failed, {}) != picture.plain(failed + PATCH, {})


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
