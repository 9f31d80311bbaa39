"""Two owners have to approve; each counts once, and only as what GitHub says of them then."""

import pytest
import pytest_asyncio

from tests.service.gate import GATED, note, plan, planned, shown, waiting
from tests.service.world import World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

PATH = ".github/coppice.yml"
TWO = "approvals: {count: 2, from: CODEOWNERS, not_requester: true, expire: 1d}\n"


@pytest.fixture(scope="module")
def rules() -> str:
    return GATED + TWO


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def _two_owners(town: World) -> None:
    for login in ("olga", "otto", "oleg", "wanda"):
        await town.person(login, "write")
    await town.write_file(".github/CODEOWNERS", "*.md @olga @otto @oleg @marta\n")


async def approve(town: World, issue: int, who: str, sign: str) -> None:
    asked = await town.comment(issue, "/coppice approve", who=who)
    await town.reacted(asked, sign)


async def test_the_second_owner_lets_it_go_on(town: World) -> None:
    issue, _ = await planned(town)

    await approve(town, issue, "olga", "rocket")
    body = (await shown(town, issue, "1 of 2 approvals: `olga`."))["body"]
    assert "Only owners of its files count (CODEOWNERS), `marta` who asked for it does" in body
    await approve(town, issue, "otto", "rocket")

    assert (await town.ended(issue))["status"] == "done"
    assert "approved by `olga`, `otto`" in (await shown(town, issue, "approved by"))["body"]


async def test_nobody_counts_twice_nor_without_owning_nor_for_themselves(town: World) -> None:
    issue, _ = await planned(town)
    await approve(town, issue, "olga", "rocket")

    await approve(town, issue, "olga", "rocket")
    await approve(town, issue, "wanda", "confused")
    await shown(town, issue, "The approval by `wanda` does not count: only the owners")
    await approve(town, issue, "maintainer", "confused")
    await shown(town, issue, "The approval by `marta` does not count: whoever asked for the run")

    assert (await waiting(town, issue))["status"] == "waiting"
    await approve(town, issue, "otto", "rocket")
    assert (await town.ended(issue))["status"] == "done"


async def test_whose_permission_was_withdrawn_a_second_before_counts_no_more(town: World) -> None:
    issue, _ = await planned(town)
    await approve(town, issue, "oleg", "rocket")
    await town.person("oleg", "read")

    await approve(town, issue, "otto", "rocket")

    await shown(town, issue, "1 of 2 approvals: `otto`.")
    assert (await waiting(town, issue))["status"] == "waiting"
    await approve(town, issue, "olga", "rocket")
    assert (await town.ended(issue))["status"] == "done"


async def test_where_nobody_owns_the_files_it_is_said_and_can_be_mended(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [note(issue)], plan=[plan(f"NOTES-{issue}.md")])
    await town.write_file(".github/CODEOWNERS", "*.py @olga\n")
    await town.label(issue)
    await waiting(town, issue)
    await shown(town, issue)

    await approve(town, issue, "olga", "confused")

    await shown(town, issue, "does not count: CODEOWNERS names nobody for these files")
    await town.write_file(".github/CODEOWNERS", "*.md @olga @otto @oleg @marta\n")
    await approve(town, issue, "olga", "rocket")
    await approve(town, issue, "otto", "rocket")
    assert (await town.ended(issue))["status"] == "done"


async def test_an_approval_after_the_stop_is_answered(town: World) -> None:
    issue, _ = await planned(town)
    await town.comment(issue, "/coppice stop", who="olga")
    await town.ended(issue)

    await town.comment(issue, "/coppice approve", who="olga")

    await town.comment_that(issue, lambda body: "/coppice approve" in body and "olga" in body)
    assert (await town.ended(issue))["status"] == "cancelled"


async def test_an_amendment_takes_two_as_well(town: World) -> None:
    issue, _ = await planned(town, extra=({"write": "BESIDE.md", "text": "Also.\n"},))
    for who in ("olga", "otto"):
        await approve(town, issue, who, "rocket")
    await shown(town, issue, "Approve amendment")

    await approve(town, issue, "olga", "rocket")
    await shown(town, issue, "1 of 2 approvals: `olga`.")
    await approve(town, issue, "otto", "rocket")

    assert (await town.ended(issue))["status"] == "done"


async def test_a_plan_comment_that_somebody_edits_approves_nothing(town: World) -> None:
    issue, _ = await planned(town, plan("NOTES.md"))
    comment = await shown(town, issue)

    edited = comment["body"].replace("NOTES.md", "EVIL.md").replace("- [ ] Appr", "- [x] Appr")
    await town.repo("PATCH", f"/issues/comments/{comment['id']}", {"body": edited}, who="olga")

    row = await town.settled("issue_comment.edited", issue)
    while row["reason"] == "sender is this app":
        row = await town.settled("issue_comment.edited", issue)
    assert (row["decision"], row["reason"]) == ("ignore", "no box was ticked")
    assert (await waiting(town, issue))["status"] == "waiting"
    await town.comment(issue, "/coppice stop")
    await town.ended(issue)


async def test_each_file_takes_one_of_its_own_owners(town: World) -> None:
    owners = "* @olga\nNOTES-*.md @otto\n"
    await town.write_file(".github/CODEOWNERS", owners)
    await town.write_file(PATH, GATED + "approvals: {from: CODEOWNERS}\n")
    issue = await town.issue()
    town.script(issue, [note(issue)], plan=[plan(f"NOTES-{issue}.md", f"other-{issue}/*")])
    await town.label(issue)
    await waiting(town, issue)

    await approve(town, issue, "olga", "rocket")
    await shown(town, issue, f"An owner of `NOTES-{issue}.md` has to approve it too.")
    assert (await waiting(town, issue))["status"] == "waiting"
    await approve(town, issue, "otto", "rocket")

    assert (await town.ended(issue))["status"] == "done"
    await town.write_file(".github/CODEOWNERS", "*.md @olga @otto @oleg @marta\n")
    await town.write_file(PATH, GATED + TWO)
