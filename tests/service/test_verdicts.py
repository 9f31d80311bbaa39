"""What Coppice says of a head is of that head: as it is, with nothing that an agent adds."""

import asyncio

import pytest

from tests.service.proposals import commit
from tests.service.test_rounds import head, opened, settled
from tests.service.turns import branch
from tests.service.world import Json, World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

RULES = (
    "verify: {test: 'test ! -e broken'}\n"
    "limits: {open_pull_requests: 100, settle: 1, attempts: 2}\n"
)


@pytest.fixture(scope="module")
def rules() -> str:
    return RULES


async def conclusions(town: World, sha: str, *names: str) -> list[str]:
    """Wait for check runs of ours on a commit; answer how they ended."""
    async with asyncio.timeout(150):
        while True:
            checks = await town.checks(sha)
            found = [checks[name]["conclusion"] for name in names if name in checks]
            if len(found) == len(names) and all(found):
                return found
            await asyncio.sleep(0.2)


def tries(row: Json, stage: str) -> int:
    return len([each for each in row["stages"] if each["name"] == stage])


async def failed_round(town: World, *later: list[Json]) -> tuple[int, Json, str]:
    """An open pull request, and a round on it that the commands judged against."""
    broken = [{"write": "broken", "text": "x\n"}]
    issue, run = await opened(town, broken, broken, *later)
    before = await head(town, run)
    await town.comment(run["pull_request"], "/coppice and add more of it")
    rows = await town.until(
        lambda rows: rows[0]["issue"] == issue and rows[0]["status"] == "failed"
    )
    return issue, rows[0], before


async def test_a_persons_push_is_judged_as_it_is(town: World) -> None:
    issue, run = await opened(town, [{"delete": "broken"}])

    theirs = await commit(town, branch(run), "broken", "x\n")

    names = ("Coppice / verify", "Coppice / rules")
    assert await conclusions(town, theirs, *names) == ["failure", "success"]
    row = await settled(town, issue)
    assert (tries(row, "implement"), tries(row, "rules")) == (1, 2)
    assert await head(town, run) == theirs


async def test_ci_runs_on_what_was_pushed_and_never_on_work_that_failed(town: World) -> None:
    _, run, before = await failed_round(town)

    asked = await town.comment(run["pull_request"], "/coppice ci")

    await town.reacted(asked, "rocket")
    after = await head(town, run)
    compared = await town.repo("GET", f"/compare/{before}...{after}")
    assert (compared["ahead_by"], compared["files"]) == (1, [])


async def test_a_retry_takes_up_the_words_of_the_round_that_failed(town: World) -> None:
    issue, run, before = await failed_round(town, [{"write": "MORE.md", "text": "More.\n"}])

    await town.comment(run["pull_request"], "/coppice retry")

    await town.head_after(run["pull_request"], before)
    files = await town.repo("GET", f"/pulls/{run['pull_request']}/files")
    assert sorted(each["filename"] for each in files) == ["MORE.md", f"NOTES-{issue}.md"]
    await settled(town, issue)


async def test_rerun_all_judges_the_head_again_and_asks_no_agent(town: World) -> None:
    issue, run = await opened(town, [{"write": "broken", "text": "x\n"}])
    before = await head(town, run)
    check = (await town.checks(before))["Coppice / verify"]

    await town.repo("POST", f"/check-suites/{check['check_suite']['id']}/rerequest")

    rows = await town.until(lambda rows: tries(rows[0], "rules") == 2)
    assert tries(rows[0], "verify") == 2
    row = await settled(town, issue)
    assert (row["status"], tries(row, "implement")) == ("done", 1)
    assert await head(town, run) == before
