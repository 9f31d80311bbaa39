"""A careful team begins with nothing written but a comment, and goes on from there."""

import pytest

from tests.service.turns import note
from tests.service.world import Json, World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

RULES = "verify: {{test: 'true'}}\nlimits: {{open_pull_requests: 100}}\npublish: {publish}\n"


async def published(town: World, publish: str) -> tuple[int, Json]:
    await town.write_file(".github/coppice.yml", RULES.format(publish=publish))
    issue = await town.issue()
    town.script(issue, [note(issue)])
    await town.label(issue)
    run = await town.ended(issue)
    assert run["status"] == "done", run
    return issue, run


async def branches(town: World, issue: int) -> list[str]:
    listed = await town.repo("GET", "/branches")
    return [b["name"] for b in listed if b["name"].startswith(f"coppice/{issue}-")]


async def test_a_comment_holds_all_of_the_work_and_a_retry_opens_the_pull_request(
    town: World,
) -> None:
    issue, run = await published(town, "comment")
    (comment,) = await town.said(issue)
    assert f"+++ b/NOTES-{issue}.md" in comment
    assert "| `true` | passes | passes |" in comment
    assert "- [ ]" not in comment
    assert await branches(town, issue) == []
    labels = await town.repo("GET", f"/issues/{issue}/labels")
    assert [label["name"] for label in labels] == ["coppice"]

    await town.comment(issue, "/coppice retry publish publish=pr")

    def opened(rows: list[Json]) -> bool:
        row = next(r for r in rows if r["issue"] == issue)
        return row["pull_request"] is not None and row["following"]

    rows = await town.until(opened)
    again = next(row for row in rows if row["issue"] == issue)
    assert again["id"] == run["id"]
    assert len([s for s in again["stages"] if s["name"] == "implement"]) == 1
    files = await town.repo("GET", f"/pulls/{again['pull_request']}/files")
    assert [file["filename"] for file in files] == [f"NOTES-{issue}.md"]
    assert "+++ b/" not in (await town.said(issue))[0]


async def test_a_patch_is_the_same_without_the_difference(town: World) -> None:
    issue, run = await published(town, "patch")

    (comment,) = await town.said(issue)

    assert "+++ b/" not in comment
    assert f"`coppice patch {run['id'][:6]}`" in comment
    assert f"NOTES-{issue}.md" in await town.output("patch", run["id"])
    assert await branches(town, issue) == []


async def test_a_branch_is_pushed_with_its_verdicts_and_no_pull_request(town: World) -> None:
    issue, run = await published(town, "branch")

    assert run["pull_request"] is None
    (branch,) = await branches(town, issue)
    assert set(await town.checks(branch)) >= {"Coppice", "Coppice / verify", "Coppice / rules"}
    assert f"branch `{branch}`" in (await town.said(issue))[0]


async def test_a_retry_takes_nothing_past_the_rules(town: World) -> None:
    await town.write_file(".github/coppice.yml", RULES.format(publish="comment"))
    issue = await town.issue()
    town.script(issue, [{"write": ".github/workflows/x.yml", "text": "on: push\n"}])
    await town.label(issue)
    run = await town.ended(issue)
    assert (run["status"], run["error"]["class"]) == ("blocked", "rules:protected")

    await town.comment(issue, "/coppice retry publish publish=pr")

    def judged_again(rows: list[Json]) -> bool:
        row = next(r for r in rows if r["issue"] == issue)
        tries = [stage for stage in row["stages"] if stage["name"] == "rules"]
        return len(tries) == 2 and row["status"] not in ("queued", "running", "verifying")

    rows = await town.until(judged_again)
    again = next(row for row in rows if row["issue"] == issue)
    assert (again["status"], again["pull_request"]) == ("blocked", None)
    assert "on: push" not in "".join(await town.said(issue))
