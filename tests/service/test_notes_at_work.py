"""Notes to a run that is at work: each is taken in once, together with what else waits."""

from pathlib import Path

import pytest

from tests.service.gate import GATED, note, plan, shown, waiting
from tests.service.test_rounds import QUICK, head, opened, settled
from tests.service.turns import at_work, over
from tests.service.world import Json, World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

MORE = {"write": "MORE.md", "text": "More.\n"}


@pytest.fixture(scope="module")
def rules() -> str:
    return QUICK


async def say(town: World, number: int, words: str) -> int:
    """Write a comment, and wait until it is decided what it means."""
    comment = await town.comment(number, words)
    await town.settled("issue_comment.created", number)
    return comment


async def rounds(town: World, issue: int) -> int:
    rows = await town.runs()
    row = next(row for row in rows if row["issue"] == issue)
    return len([stage for stage in row["stages"] if stage["name"] == "implement"]) - 1


def brief(town: World, run: Json) -> str:
    """What the agent was told of the newest round."""
    path: Path = town.folder / "coppice" / "runs" / run["id"] / "round.md"
    return path.read_text()


async def test_two_notes_to_a_round_at_work_make_one_more(town: World) -> None:
    issue, run = await opened(town, [MORE, {"hang": 4}], [{**MORE, "text": "Again.\n"}])
    number = run["pull_request"]
    first = await say(town, number, "/coppice begin with more")
    await town.at(issue, "implement")
    others = [await say(town, number, f"/coppice then {word}") for word in ("this", "that")]

    for comment in (first, *others):
        await town.reacted(comment, "rocket")

    assert (await settled(town, issue))["status"] == "done"
    assert await rounds(town, issue) == 2
    told = brief(town, run)
    assert "then this" in told
    assert "then that" in told
    assert "begin with more" not in told


async def test_what_the_plan_took_in_is_told_to_no_later_round(town: World) -> None:
    await town.write_file(".github/coppice.yml", GATED + "ci: ask\n")
    issue = await town.issue()
    named = f"NOTES-{issue}.md"
    town.script(issue, [note(issue)], [MORE], plan=[plan(named), plan(named, "MORE.md")])
    await town.label(issue)
    await waiting(town, issue)
    await shown(town, issue)
    await say(town, issue, "/coppice and more, if you like")
    await shown(town, issue, "MORE.md")
    await say(town, issue, "/coppice approve")
    run = await town.ended(issue)
    before = await head(town, run)

    await say(town, run["pull_request"], "/coppice now the rest")

    await town.head_after(run["pull_request"], before)
    told = brief(town, run)
    assert "now the rest" in told
    assert "if you like" not in told
    await settled(town, issue)


async def test_a_note_to_a_run_that_is_stopped_waits_for_its_retry(town: World) -> None:
    issue, _ = await at_work(town)
    noted = await say(town, issue, "/coppice mind the gap")

    await town.comment(issue, "/coppice stop")

    await town.ended(issue)
    await town.reacted(noted, "confused")
    kept = "`/coppice retry` takes along what `marta` wrote meanwhile."
    await town.comment_that(issue, lambda body: kept in body)

    await town.comment(issue, "/coppice retry")

    done = await settled(town, issue)
    assert done["status"] == "done"
    await town.comment_that(issue, lambda body: "**Done: " in body and kept not in body)


async def test_a_retry_after_a_stop_is_one_more_round_on_the_open_pull_request(
    town: World,
) -> None:
    issue, run = await opened(town, [MORE])
    number, before = run["pull_request"], await head(town, run)
    await say(town, number, "/coppice stop")
    await over(town, issue)

    await say(town, number, "/coppice retry\n/coppice and add more")

    await town.head_after(number, before)
    row = await settled(town, issue)
    assert (row["id"], row["status"]) == (run["id"], "done")
    assert "and add more" in brief(town, run)
    stages = [stage["name"] for stage in row["stages"]]
    assert stages.count("plan") == 1
    assert "One start" not in "\n".join(await town.said(number))


async def test_words_beside_a_retry_in_one_comment_are_told_with_it(town: World) -> None:
    issue, run = await at_work(town)
    await say(town, issue, "/coppice stop")
    await over(town, issue)

    asked = await say(town, issue, "/coppice retry\n/coppice with care")

    row = await settled(town, issue)
    assert (row["id"], row["status"]) == (run["id"], "done")
    await town.reacted(asked, "rocket")
    assert "One start" not in "\n".join(await town.said(issue))
