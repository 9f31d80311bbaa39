"""What people are told of a run's tries: those of its newest work, and what its head is worth."""

from bot.pipeline import reports
from bot.pipeline.definition import kinds
from bot.pipeline.story import Story
from bot.runs import CommandResult, Run, RunError, RunStatus, StageKind, StageRecord, StageStatus
from tests.github.runs import run

RED = CommandResult(name="test", command="pytest", exit_code=1, output="", seconds=1)
FAILED = run(
    status=RunStatus.FAILED,
    error=RunError(stage="verify", kind="x", message="`test` failed: exit 1"),
)
OPEN = run(status=RunStatus.DONE, pull_request=12)


def stage(key: str, status: StageStatus = StageStatus.PASSED) -> StageRecord:
    """One try; ``key`` is `{child}/{stage}-{number}`."""
    name, _, number = key.rpartition("/")[2].rpartition("-")
    red = [RED.model_dump(mode="json")] if status is StageStatus.FAILED else []
    return StageRecord(
        run_id="r", key=key, name=name, attempt=int(number), status=status, result={"commands": red}
    )


def failed(key: str) -> StageRecord:
    return stage(key, StageStatus.FAILED)


def story(run: Run, *stages: StageRecord) -> Story:
    return Story(run=run, stages=stages, config=None, box="", agent_label=None, kinds=kinds("fix"))


def green(of: Story) -> bool:
    verify = of.on_head(StageKind.VERIFY)
    return verify is not None and verify.status is StageStatus.PASSED


ONCE = [stage("work-1/implement-1"), failed("work-1/verify-1")]
DELIVERED = [stage("work-1/implement-1"), stage("work-1/verify-1"), stage("publish-1")]
DROPPED = [stage("work-2/implement-1"), failed("work-2/verify-1"), failed("work-2/verify-2")]


def test_attempts_of_an_earlier_round_are_told_no_more() -> None:
    retried = [stage("again-9/work-1/implement-1"), failed("again-9/work-1/verify-1")]

    said = reports.facts(story(FAILED, *ONCE, *retried))

    assert len(said.failed_attempts) == 1


def test_every_attempt_of_the_newest_work_is_told() -> None:
    said = reports.facts(story(FAILED, *ONCE, *DELIVERED[1:], *DROPPED))

    assert len(said.failed_attempts) == 2


def test_a_verdict_on_what_somebody_pushed_is_no_attempt() -> None:
    said = reports.facts(
        story(OPEN, *DELIVERED, failed("work-2/verify-1"), stage("work-3/rules-1"))
    )

    assert said.failed_attempts == ()
    assert [result.name for result in said.red_head] == ["test"]


def test_the_head_is_what_was_judged_last_by_itself() -> None:
    pushed_red, pushed_green = failed("work-3/verify-1"), stage("work-4/verify-1")

    assert green(story(OPEN, *DELIVERED, *DROPPED))
    assert not green(story(OPEN, *DELIVERED, *DROPPED, pushed_red))
    assert green(story(OPEN, *DELIVERED, pushed_red, *DROPPED, pushed_green))


def test_a_verdict_says_how_it_ended_as_github_means_it() -> None:
    slow = RED.model_copy(update={"exit_code": None, "problem": "time limit of 4 s"})
    late = failed("work-1/verify-1").model_copy(
        update={"result": {"commands": [slow.model_dump(mode="json")]}}
    )
    red = failed("work-1/verify-1")
    both = [slow.model_dump(mode="json"), RED.model_dump(mode="json")]
    mixed = red.model_copy(update={"result": {"commands": both}})

    def concluded(*stages: StageRecord) -> str | None:
        return reports.verify_check_run(story(OPEN, *stages)).conclusion

    assert concluded(late) == "timed_out"
    assert concluded(red) == concluded(mixed) == "failure"
    assert concluded(stage("work-1/rules-1")) == "skipped"
    assert reports.coppice_check_run(story(FAILED, late), "c" * 40).conclusion == "timed_out"
