"""Somebody else is at the same thing: that is named, and a person says whether the run goes on."""

import re

import pytest

from tests.service.gate import note, plan, waiting
from tests.service.world import Json, World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

PATH = ".github/coppice.yml"
RULES = "verify: {test: 'true'}\nlimits: {open_pull_requests: 100}\ngate: never\n"


@pytest.fixture(scope="module")
def rules() -> str:
    return RULES


async def theirs(town: World, branch: str, path: str, body: str = "") -> int:
    """Somebody's open pull request that adds a file; answer its number."""
    main = (await town.repo("GET", "/git/ref/heads/main"))["object"]["sha"]
    await town.repo("POST", "/git/refs", {"ref": f"refs/heads/{branch}", "sha": main})
    change = {"message": "Mine", "content": "bWluZQo=", "branch": branch}
    await town.repo("PUT", f"/contents/{path}", change)
    wanted = {"title": "Mine", "head": branch, "base": "main", "body": body}
    return int((await town.repo("POST", "/pulls", wanted))["number"])


async def asked(town: World, name: str) -> tuple[int, int, Json]:
    """An issue whose run waits because somebody's pull request closes it."""
    issue = await town.issue()
    number = await theirs(town, name, f"{name}.md", f"Fixes #{issue}.")
    town.script(issue, [note(issue)])
    await town.label(issue)
    return issue, number, await waiting(town, issue)


async def test_a_pull_request_that_closes_the_issue_is_named_before_anything_is_spent(
    town: World,
) -> None:
    issue, number, run = await asked(town, "one")

    status = await town.comment_that(issue, lambda body: "Go on all the same" in body)
    assert (
        f"#{number} by `marta` closes this issue too. Nothing was spent so far." in status["body"]
    )
    said = f"@marta: #{number} by `marta` closes #{issue} too"
    await town.comment_that(issue, lambda body: said in body)
    assert len(await town.notices(issue)) == 1
    assert run["stages"] == []
    labels = await town.repo("GET", f"/issues/{issue}/labels")
    assert "coppice:needs-you" in [label["name"] for label in labels]
    ticked = re.sub(r"- \[ \] (Go on all the same)", r"- [x] \1", status["body"])
    await town.repo("PATCH", f"/issues/comments/{status['id']}", {"body": ticked})
    assert (await town.ended(issue))["status"] == "done"


async def test_the_command_lets_it_go_on_over_a_restart(town: World) -> None:
    issue, _, _ = await asked(town, "two")
    await town.kill()
    await town.serve()

    comment = await town.comment(issue, "/coppice approve")

    await town.reacted(comment, "rocket")
    assert (await town.ended(issue))["status"] == "done"


async def test_it_may_be_stopped_instead(town: World) -> None:
    issue, _, _ = await asked(town, "three")

    await town.comment(issue, "/coppice stop")

    run = await town.ended(issue)
    assert (run["status"], run["stages"]) == ("cancelled", [])


async def test_whoever_may_not_write_lets_nothing_go_on(town: World) -> None:
    issue, _, _ = await asked(town, "four")

    await town.comment(issue, "/coppice approve", who="triager")

    await town.comment_that(issue, lambda body: "needs write access" in body)
    assert (await waiting(town, issue))["status"] == "waiting"
    await town.comment(issue, "/coppice stop")
    await town.ended(issue)


@pytest.mark.parametrize(
    ("n", "body"),
    [(1, "See #{issue}."), (2, "`Fixes #{issue}`"), (3, "Fixes #{issue}1"), (4, "Not fixes it.")],
)
async def test_a_mention_alone_asks_nobody(town: World, n: int, body: str) -> None:
    issue = await town.issue()
    await theirs(town, f"mention-{n}", f"mention-{n}.md", body.format(issue=issue))
    town.script(issue, [note(issue)])

    await town.label(issue)

    assert (await town.ended(issue))["status"] == "done"
    assert await town.notices(issue) == []


async def test_a_closed_pull_request_asks_nobody(town: World) -> None:
    issue = await town.issue()
    number = await theirs(town, "closed", "closed.md", f"Closes #{issue}")
    await town.repo("PATCH", f"/pulls/{number}", {"state": "closed"})
    town.script(issue, [note(issue)])

    await town.label(issue)

    assert (await town.ended(issue))["status"] == "done"


async def test_a_pull_request_that_changes_the_plans_files_is_named_with_the_plan(
    town: World,
) -> None:
    issue = await town.issue()
    number = await theirs(town, "same-files", f"NOTES-{issue}.md")
    town.script(issue, [note(issue)], plan=[plan(f"NOTES-{issue}.md")])

    await town.label(issue)

    await waiting(town, issue)
    comment = await town.comment_that(issue, lambda body: "coppice:plan " in body)
    said = f"overlaps with #{number} by `marta`, which changes `NOTES-{issue}.md` too."
    assert f"It waits because it {said}" in comment["body"]
    await town.comment(issue, "/coppice approve")
    assert (await town.ended(issue))["status"] == "done"


async def test_a_repository_may_ignore_others(town: World) -> None:
    await town.write_file(PATH, RULES + "overlap: ignore\n")
    issue = await town.issue()
    await theirs(town, "ignored", f"NOTES-{issue}.md", f"Closes #{issue}")
    town.script(issue, [note(issue)], plan=[plan(f"NOTES-{issue}.md")])

    await town.label(issue)

    assert (await town.ended(issue))["status"] == "done"
    await town.write_file(PATH, RULES)
