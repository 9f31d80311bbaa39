"""The way through the stages: forward, back to the agent, and out."""

from bot.engine.flow import Flow
from bot.engine.outcome import Outcome, Verdict
from bot.pipeline.definition import load
from bot.runs import RunError, RunStatus, StageStatus

PASSED = Verdict(status=StageStatus.PASSED)


def failed(fingerprint: str, *, blocked: bool = False) -> Verdict:
    error = RunError(stage="verify", kind="test:ValueError", message="`test` failed")
    return Verdict(
        status=StageStatus.FAILED,
        error=error,
        fingerprint=fingerprint,
        summary="`test` failed",
        blocked=blocked,
    )


def walk(verdicts: dict[str, list[Verdict]], attempts: int = 3) -> tuple[list[str], Outcome | None]:
    """Go through `fix` with what each stage answers in turn; the last answer repeats."""
    flow, seen = Flow(stages=load("fix").working, attempts=attempts), []
    while (spec := flow.next) is not None:
        number = flow.begin(spec)
        seen.append(f"{spec.name}-{number}")
        answers = verdicts.get(spec.name, [PASSED])
        outcome = flow.take(spec, answers[min(number, len(answers)) - 1])
        if outcome is not None:
            return seen, outcome
    return seen, None


def test_a_failure_goes_back_to_the_agent_and_the_next_attempt_may_pass() -> None:
    seen, outcome = walk({"verify": [failed("a"), PASSED]})

    assert seen == ["implement-1", "verify-1", "implement-2", "verify-2", "review-1", "rules-1"]
    assert outcome is None


def test_the_attempts_are_limited() -> None:
    seen, outcome = walk({"verify": [failed("a"), failed("b"), failed("c"), PASSED]})

    assert seen[-1] == "verify-3"
    assert outcome is not None
    assert outcome.status is RunStatus.FAILED


def test_the_same_failure_twice_ends_it() -> None:
    seen, outcome = walk({"verify": [failed("a"), failed("a"), PASSED]})

    assert seen[-1] == "verify-2"
    assert outcome is not None
    assert outcome.status is RunStatus.FAILED


def test_an_agent_that_fails_is_asked_again() -> None:
    seen, outcome = walk({"implement": [failed("a"), PASSED]})

    assert seen == ["implement-1", "implement-2", "verify-1", "review-1", "rules-1"]
    assert outcome is None


def test_what_is_blocked_is_not_tried_again() -> None:
    seen, outcome = walk({"implement": [failed("a", blocked=True)]})

    assert seen == ["implement-1"]
    assert outcome is not None
    assert outcome.status is RunStatus.BLOCKED


def test_what_no_attempt_mends_fails_at_once() -> None:
    hard = failed("a").model_copy(update={"final": True})

    seen, outcome = walk({"verify": [hard, PASSED]})

    assert seen[-1] == "verify-1"
    assert outcome is not None
    assert outcome.status is RunStatus.FAILED


def test_a_review_sends_it_back_once() -> None:
    found = failed("a").model_copy(update={"fingerprint": None})

    seen, outcome = walk({"review": [found, PASSED]})

    assert seen[2:5] == ["review-1", "implement-2", "verify-2"]
    assert outcome is None


def test_a_broken_rule_ends_it() -> None:
    seen, outcome = walk({"rules": [failed("a", blocked=True)]})

    assert seen[-1] == "rules-1"
    assert outcome is not None
    assert outcome.status is RunStatus.BLOCKED


def test_the_agent_is_told_why_its_work_came_back() -> None:
    flow = Flow(stages=load("fix").working, attempts=3)
    for verdict in (PASSED, failed("a")):
        spec = flow.next
        assert spec is not None
        flow.begin(spec)
        flow.take(spec, verdict)

    assert flow.feedback == "`test` failed"
