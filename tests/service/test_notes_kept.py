"""What people write to a run reaches its agent, whatever became of the run meanwhile."""

from pathlib import Path

import pytest
import yaml

from bot.scripted_model import Fault, FaultKind, Step
from tests.service.test_models import CONFIG, PLANS, REVIEWS, modelled, works
from tests.service.world import Json, World

pytestmark = [pytest.mark.slow, pytest.mark.database]

WRONG = works(Step(write="NOTES.md", text="wrong\n"))
SLOW = Fault(kind=FaultKind.DELAY, seconds=5, after=1)  # the first answer is the plan


def heeding(*words: str) -> Json:
    """An agent that does right once it was told all of these words."""
    told = "".join(f"(?=.*{word})" for word in words)
    return works(Step(write="NOTES.md", text="right\n"), match=f"(?s){told}.*You change files")


async def said(there: World, words: str) -> int:
    """Write a comment, and wait until it is decided what it means."""
    comment = await there.comment(1, words)
    await there.settled("issue_comment.created", 1)
    return comment


async def done(there: World) -> Json:
    (row, *_) = await there.until(lambda rows: rows[0]["status"] == "done")
    return row


async def test_a_note_to_a_run_that_fails_is_there_when_it_is_retried(tmp_path: Path) -> None:
    agent = heeding("say right this time")
    async with modelled(tmp_path, PLANS, REVIEWS, agent, WRONG, faults=[SLOW]) as there:
        await there.label(1)
        await there.at(1, "implement")
        note = await said(there, "/coppice please also say right this time")

        assert (await there.ended(1))["status"] == "failed"
        await there.reacted(note, "confused")
        kept = "`/coppice retry` takes along what `marta` wrote meanwhile."
        await there.comment_that(1, lambda body: kept in body)

        await there.comment(1, "/coppice retry")

        await done(there)


async def test_two_notes_and_a_third_that_goes_on_are_all_told(tmp_path: Path) -> None:
    agent = heeding("the first word", "the second word", "the third word")
    async with modelled(tmp_path, PLANS, REVIEWS, agent, WRONG, faults=[SLOW]) as there:
        await there.label(1)
        await there.at(1, "implement")
        await said(there, "/coppice mind the first word")
        await said(there, "/coppice mind the second word")

        assert (await there.ended(1))["status"] == "failed"
        await there.comment(1, "/coppice mind the third word")

        await done(there)


async def test_a_retry_without_a_word_is_told_what_failed(tmp_path: Path) -> None:
    agent = heeding(r"why it was sent back: data.*\(test\): exit 1\nFAILED tests/a.py")
    async with modelled(tmp_path, PLANS, REVIEWS, agent, WRONG) as there:
        once = yaml.safe_dump({**CONFIG, "limits": {"attempts": 1}})
        await there.write_file(".github/coppice.yml", once)
        await there.label(1)
        assert (await there.ended(1))["status"] == "failed"

        await there.comment(1, "/coppice retry implement")

        await done(there)
