"""What is said of the branch is of what the branch holds."""

from bot.pipeline.story import Story
from bot.runs import StageKind, StageRecord, StageStatus
from tests.github.runs import run

KINDS = {
    "implement": StageKind.IMPLEMENT,
    "verify": StageKind.VERIFY,
    "publish": StageKind.PUBLISH,
}


def story(*tries: tuple[str, StageStatus]) -> Story:
    """A run with these tries of stages, the oldest first."""
    stages = [
        StageRecord(run_id="r", key=f"{n}", name=name, attempt=n, status=status)
        for n, (name, status) in enumerate(tries)
    ]
    return Story(run=run(), stages=stages, config=None, box="none", agent_label=None, kinds=KINDS)


GOOD, BAD = StageStatus.PASSED, StageStatus.FAILED
FIRST = (("implement", GOOD), ("verify", BAD), ("implement", GOOD), ("verify", GOOD))
PUBLISHED = (*FIRST, ("publish", GOOD))


def judged(told: Story) -> str | None:
    found = told.on_head(StageKind.VERIFY)
    return found.key if found else None


def test_before_anything_is_published_the_newest_try_counts() -> None:
    assert judged(story(*FIRST)) == "3"
    assert judged(story()) is None


def test_while_it_is_published_its_own_verdict_counts() -> None:
    assert judged(story(*FIRST, ("publish", StageStatus.RUNNING))) == "3"


def test_a_round_that_came_to_nothing_says_nothing_of_the_branch() -> None:
    assert judged(story(*PUBLISHED, ("implement", GOOD), ("verify", BAD))) == "3"


def test_what_was_judged_again_counts_as_it_is() -> None:
    assert judged(story(*PUBLISHED, ("verify", BAD))) == "5"


def test_a_push_that_did_not_come_about_publishes_nothing() -> None:
    tries = (*PUBLISHED, ("implement", GOOD), ("verify", GOOD), ("publish", BAD))

    assert judged(story(*tries)) == "3"
