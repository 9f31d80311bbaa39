"""Whether a round may start by itself: not after too many, and not where it costs an approval."""

from dataclasses import dataclass

from bot.engine.outcome import GO_ON, Outcome, blocked
from bot.engine.rounds.material import Material
from bot.engine.rounds.reading import Reading
from bot.engine.writer import Writer
from bot.github.markdown import code
from bot.github.texts import rounds as texts
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.story import Story
from bot.runs import (
    Kept,
    Message,
    MessageKind,
    Run,
    RunStatus,
    StageKind,
    StageRecord,
    StageStatus,
)

PERSONS = (
    MessageKind.NOTE,
    MessageKind.RETRY,
    MessageKind.FIX,
    MessageKind.REBASE,
    MessageKind.APPROVE,
)
"""What people ask for themselves starts a round in any case."""
_VERDICTS = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")
"""The states of a review that replace what its author said before."""


class Begun(Kept):
    """What a round is to do."""

    wanted: bool = False
    outcome: Outcome = GO_ON
    agent: bool = False
    """Somebody has to write; else what was put together only has to be judged."""
    baseline: bool = False
    """The base is another one now."""
    put_together: bool = False
    """There is work to judge even where the agent changes nothing."""
    answers: bool = False
    """Threads wait for an answer."""
    asks: bool = False
    """Nothing goes on before a person has acted."""
    judges: bool = False
    """Only the verdicts on the head are wanted once more."""
    done: bool = False
    """Nothing is to do, because it is so already."""
    words: str | None = None
    """What whoever asked is told where nothing is done (Markdown)."""
    needless: bool = False
    """Nothing waits, so an agent that changes nothing has not failed: there was nothing to do."""


@dataclass(frozen=True, slots=True)
class Held:
    """A round that is about to start."""

    story: Story
    run: Run
    found: Material


def by_a_person(message: Message) -> bool:
    """Does a person ask for it? What programs ask for counts as a round that began by itself."""
    return message.kind in PERSONS and not message.machine


def needless(message: Message, story: Story, found: Material) -> bool:
    """Is one more try asked for where the last one was good, and nothing has come since?"""
    verify = story.last_of(StageKind.VERIFY)
    good = story.run.status is RunStatus.DONE and (verify is None or _good(verify))
    return message.kind is MessageKind.RETRY and good and not (found.for_agent or found.suggested)


def _good(verify: StageRecord) -> bool:
    return verify.status in (StageStatus.PASSED, StageStatus.NEUTRAL)


async def held(writer: Writer, reading: Reading, message: Message, given: Held) -> Begun | None:
    """Why it does not start by itself: too many rounds, or an approval it would dismiss."""
    if by_a_person(message):
        return None
    config = given.story.config or RepositoryConfig()
    left = _what(given.found)
    if given.found.counts and given.run.work.rounds >= config.limits.rounds:
        why = texts.too_many(given.run.work.rounds, left)
        return Begun(outcome=blocked("rounds", why))
    said = await _verdicts(reading, given.run)
    if "APPROVED" not in said or "CHANGES_REQUESTED" in said:
        return None
    needs = texts.approved_before(given.run.pull_request or 0, left)
    await writer.update(given.run.id, work={"needs": needs})
    return Begun(asks=True)


async def _verdicts(reading: Reading, run: Run) -> list[str]:
    """The newest verdict of each reviewer whose word counts: programs', and that of who may write.

    What strangers think of it neither holds a push back nor lets it go.
    """
    me = await reading.me(run)
    there = await reading.conversation(run)
    judged = [r for r in there.reviews if r.state in _VERDICTS and r.author.id != me]
    people = [review.author for review in judged if not review.author.bot]
    writers = await reading.writers(run.repository, people)
    newest = {review.author: review.state for review in judged}
    return [state for who, state in newest.items() if who.bot or who.login in writers]


def _what(found: Material) -> str:
    """What waits, in a few words."""
    parts = []
    if found.conflicts:
        parts.append("the conflict with the base")
    if threads := len(found.threads) + len(found.suggested):
        parts.append("1 review thread" if threads == 1 else f"{threads} review threads")
    if found.failing:
        parts.append(f"the failing check {code(found.failing[0].name)}")
    if found.notes or found.reviews:
        parts.append("what reviewers wrote")
    return ", ".join(parts) or "nothing"
