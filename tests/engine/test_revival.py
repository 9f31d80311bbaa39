"""Where a run begins again that the engine knows nothing of: never further than it had come."""

import pytest

from bot.engine.revival import FOLLOWING, where
from bot.pipeline import definition
from bot.runs import Ending, MessageKind, RunStatus, StageRecord, StageStatus, Work
from tests.store.rows import a_run

PIPELINE = definition.load("fix")
FIRST_WORK = PIPELINE.working[0].name


def tried(name: str, status: StageStatus = StageStatus.PASSED) -> StageRecord:
    return StageRecord(
        run_id="aaaaaa111111", key=f"x/{name}", name=name, attempt=1, status=status, result={}
    )


PREPARED = [tried(spec.name) for spec in PIPELINE.preparing]


def test_a_run_that_was_not_prepared_begins_at_its_beginning() -> None:
    assert where(a_run(), []) == (None, None)
    assert where(a_run(), PREPARED[:-1]) == (None, None)


@pytest.mark.parametrize("status", [StageStatus.RUNNING, StageStatus.FAILED])
def test_a_plan_that_was_being_made_is_made_again(status: StageStatus) -> None:
    last = PIPELINE.preparing[-1].name

    assert where(a_run(), [*PREPARED[:-1], tried(last, status)]) == (None, None)


@pytest.mark.parametrize("status", [RunStatus.WAITING, RunStatus.RUNNING, RunStatus.VERIFYING])
def test_a_run_with_a_plan_begins_at_its_gate(status: RunStatus) -> None:
    assert where(a_run(status=status), PREPARED) == (FIRST_WORK, None)


def test_a_plan_that_was_made_twice_counts_as_it_is_now() -> None:
    last = PIPELINE.preparing[-1].name

    assert where(a_run(), [*PREPARED, tried(last, StageStatus.RUNNING)]) == (None, None)


def test_a_run_that_was_saying_its_last_word_says_it_again() -> None:
    run = a_run(work=Work(ending=Ending(status=RunStatus.DONE)))

    assert PIPELINE.publishing is not None
    assert where(run, PREPARED) == (PIPELINE.publishing.name, None)


def test_a_run_that_follows_takes_up_what_reviewers_wrote_meanwhile() -> None:
    stage, said = where(a_run(status=RunStatus.DONE, following=True, pull_request=8), PREPARED)

    assert stage == FOLLOWING
    assert said is not None
    assert said.kind is MessageKind.REVIEW
