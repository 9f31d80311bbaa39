"""What one attempt is told of what was wrong before it."""

from bot.engine.facts import Facts
from bot.pipeline.configuration import RepositoryConfig
from bot.runs import CommandResult, Json, RunError, StageRecord, StageStatus
from tests.github.runs import run

RED = CommandResult(
    name="test", command="pytest", exit_code=1, output="E  assert 1 == 2", seconds=1
)


def stage(key: str, status: StageStatus, summary: str = "", **result: Json) -> StageRecord:
    """One try; ``key`` is `{flow}/{stage}-{number}`."""
    name, _, number = key.rpartition("/")[2].rpartition("-")
    return StageRecord(
        run_id="r",
        key=key,
        name=name,
        attempt=int(number),
        status=status,
        started_at=0.0,
        error=RunError(stage=name, kind="x", message=summary) if summary else None,
        result={"summary": summary, **result},
    )


def failed(key: str, summary: str = "`test` failed") -> StageRecord:
    red = [RED.model_dump(mode="json")]
    return stage(key, StageStatus.FAILED, summary, commands=red, data={"hint": "Read it."})


def passed(key: str) -> StageRecord:
    return stage(key, StageStatus.PASSED)


def told(*stages: StageRecord, name: str = "implement", number: int = 1) -> str | None:
    """What the first attempt of a later child is told, or another."""
    facts = Facts(
        run=run(), config=RepositoryConfig(), stages=stages, flow="again-9/work-1"
    ).attempt(name, number)
    return facts.feedback


ONCE = (passed("work-1/implement-1"), failed("work-1/verify-1"))


def test_a_retry_is_told_what_failed_with_hint_and_output() -> None:
    assert told(*ONCE) == (
        "`test` failed\n\nHint: Read it.\n\n`pytest` (test): exit 1\nE  assert 1 == 2"
    )


def test_a_first_attempt_of_all_is_told_nothing() -> None:
    assert told(passed("plan-1/snapshot-1")) is None


def test_what_was_mended_since_is_told_no_more() -> None:
    assert told(*ONCE, passed("work-1/implement-2"), passed("work-1/verify-2")) is None


def test_a_head_that_was_judged_red_is_told_though_the_rules_passed() -> None:
    pushed = (failed("work-2/verify-1", "`test` fails on it"), passed("work-3/rules-1"))

    assert "`test` fails on it" in (told(passed("work-1/implement-1"), *pushed) or "")


def test_a_budget_that_is_used_up_hides_no_failure_and_is_none_itself() -> None:
    budget = stage("work-1/implement-2", StageStatus.FAILED, "budget reached", blocked=True)

    found = told(*ONCE, budget) or ""

    assert "assert 1 == 2" in found
    assert "budget" not in found


def test_an_attempt_that_somebody_stopped_hides_no_failure() -> None:
    stopped = stage("work-1/implement-2", StageStatus.CANCELLED)

    assert "assert 1 == 2" in (told(*ONCE, stopped) or "")


def test_a_broken_rule_is_told() -> None:
    rule = stage("work-1/rules-1", StageStatus.FAILED, "`out` is a link", blocked=True)

    assert told(passed("work-1/implement-1"), passed("work-1/verify-1"), rule) == "`out` is a link"


def test_whoever_judges_is_told_nothing() -> None:
    assert told(*ONCE, name="verify") is None
