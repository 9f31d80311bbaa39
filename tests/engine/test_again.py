"""Where an ended run goes on, and what it is told at once."""

from bot.engine.again import onward
from bot.engine.revival import FOLLOWING
from bot.runs import (
    Again,
    Json,
    MessageKind,
    Note,
    Run,
    RunError,
    RunStatus,
    StageRecord,
    StageStatus,
    Work,
)
from tests.github.runs import run

NOTE = Note(by="ana", text="Also that.", comment_id=1)
PASSED, FAILED = StageStatus.PASSED, StageStatus.FAILED


def stages(*tried: tuple[str, StageStatus]) -> list[StageRecord]:
    return [
        StageRecord(run_id="r", key=f"work-1/{name}-1", name=name, attempt=1, status=status)
        for name, status in tried
    ]


def ended(stage: str | None, **work: Json) -> Run:
    error = RunError(stage=stage, kind="x", message="no")
    kept = Work.model_validate({"checkpoint": "c" * 40, **work})
    return run(status=RunStatus.FAILED, error=error, work=kept)


def again(**more: Json) -> Again:
    return Again(run_id="r", key="9/1", by="ana", **more)


WORKED = stages(("implement", PASSED), ("verify", FAILED))
DELIVERED = stages(
    ("implement", PASSED), ("verify", PASSED), ("rules", PASSED), ("publish", PASSED)
)


def test_a_retry_goes_on_at_the_stage_that_ended_the_run() -> None:
    assert onward(ended("verify"), WORKED, again()) == ("verify", None)


def test_words_for_the_agent_begin_where_it_works() -> None:
    assert onward(ended("verify"), WORKED, again(note="Please.")) == ("implement", None)
    waits = ended("verify", notes=[NOTE.model_dump()])
    assert onward(waits, WORKED, again()) == ("implement", None)


def test_a_stage_that_is_named_is_where_it_begins_all_the_same() -> None:
    assert onward(ended("implement"), WORKED, again(stage="verify", note="Please.")) == (
        "verify",
        None,
    )


def test_a_run_that_followed_its_pull_request_makes_one_more_round() -> None:
    stopped = ended(None).model_copy(update={"pull_request": 12})

    stage, said = onward(stopped, DELIVERED, again())

    assert stage == FOLLOWING
    assert said is not None
    assert (said.kind, said.verdicts) == (MessageKind.RETRY, False)


def test_a_verdict_that_is_wanted_once_more_has_no_agent_write() -> None:
    stopped = ended(None).model_copy(update={"pull_request": 12})

    _, said = onward(stopped, DELIVERED, again(stage="verify"))

    assert said is not None
    assert said.verdicts


def test_publishing_that_broke_off_is_gone_on_with() -> None:
    broken = ended("publish").model_copy(update={"pull_request": 12})
    half = [*DELIVERED[:3], *stages(("publish", FAILED))]
    judged = [*half[:2], *stages(("review", PASSED)), *half[2:]]

    assert onward(broken, judged, again()) == ("publish", None)
