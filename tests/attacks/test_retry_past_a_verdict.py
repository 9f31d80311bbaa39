"""A retry that names a later stage takes no work past a verdict that it has not."""

import pytest

from bot.engine.revival import no_further
from bot.runs import StageRecord, StageStatus
from tests.store.rows import a_run

PASSED, FAILED = StageStatus.PASSED, StageStatus.FAILED


def tried(**statuses: StageStatus) -> list[StageRecord]:
    return [
        StageRecord(
            run_id="aaaaaa111111", key=f"{n}", name=name, attempt=1, status=status, result={}
        )
        for n, (name, status) in enumerate(statuses.items())
    ]


JUDGED = tried(snapshot=PASSED, plan=PASSED, implement=PASSED, verify=PASSED, review=PASSED)


@pytest.mark.parametrize("wanted", ["publish", "rules"])
def test_what_the_rules_held_is_held_against_them_again(wanted: str) -> None:
    assert no_further(a_run(), [*JUDGED, *tried(rules=FAILED)], wanted) == "rules"


@pytest.mark.parametrize("wanted", ["publish", "rules", "review", "verify"])
def test_what_the_commands_failed_is_judged_by_them_again(wanted: str) -> None:
    stages = tried(snapshot=PASSED, plan=PASSED, implement=PASSED, verify=FAILED)

    assert no_further(a_run(), stages, wanted) == "verify"


def test_a_verdict_on_earlier_work_counts_no_more() -> None:
    stages = [*JUDGED, *tried(rules=PASSED), *tried(implement=PASSED)]

    assert no_further(a_run(), stages, "publish") == "verify"


def test_work_that_was_broken_off_is_done_again() -> None:
    stages = [*JUDGED, *tried(rules=PASSED), *tried(implement=StageStatus.CANCELLED)]

    assert no_further(a_run(), stages, "publish") == "implement"


def test_what_everything_passed_goes_on_where_it_was_asked_to() -> None:
    stages = [*JUDGED, *tried(rules=PASSED, publish=FAILED)]

    assert no_further(a_run(), stages, "publish") == "publish"
    assert no_further(a_run(), stages, "implement") == "implement"


@pytest.mark.parametrize("wanted", [None, "plan", "snapshot", "ci", "open"])
def test_what_comes_before_the_work_is_no_way_past_anything(wanted: str | None) -> None:
    assert no_further(a_run(), JUDGED, wanted) == wanted
