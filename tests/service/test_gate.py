"""A plan waits for people, over restarts, and what they say decides."""

import re

import pytest

from tests.service.gate import GATED, note, plan, planned, shown, waiting
from tests.service.world import World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def rules() -> str:
    return GATED


async def test_an_approved_plan_is_carried_out_after_a_restart_in_the_wait(town: World) -> None:
    issue, _ = await planned(town)
    comment = await shown(town, issue)
    found = re.search(r"- \[ \] Approve plan `([0-9a-f]{8})`", comment["body"])
    assert found is not None
    await town.comment_that(issue, lambda said: "@marta: the plan for" in said)
    labels = await town.repo("GET", f"/issues/{issue}/labels")
    assert [label["name"] for label in labels] == ["coppice", "coppice:needs-you"]
    await town.kill()
    await town.serve()

    asked = await town.comment(issue, f"/coppice approve {found[1]}")

    run = await town.ended(issue)
    assert run["status"] == "done", run
    await town.reacted(asked, "rocket")
    body = (await shown(town, issue, "approved by `marta`"))["body"]
    assert "- [ ]" not in body
    labels = await town.repo("GET", f"/issues/{issue}/labels")
    assert [label["name"] for label in labels] == ["coppice"]


async def test_a_rejected_plan_ends_the_run_and_says_by_whom(town: World) -> None:
    issue, _ = await planned(town)

    await town.comment(issue, "/coppice reject we drop this feature")

    run = await town.ended(issue)
    assert (run["status"], run["error"]["class"]) == ("cancelled", "rejected")
    assert "rejected by marta: we drop this feature" in run["error"]["message"]
    assert "- [ ]" not in (await shown(town, issue, "Plan for"))["body"]


async def test_a_note_has_the_plan_made_again_and_voids_the_first_hash(town: World) -> None:
    issue, _ = await planned(town, plan("OLD.md"), plan("NEW.md", summary="Another way."))
    first = re.search(r"Approve plan `(\w+)`", (await shown(town, issue))["body"])

    await town.comment(issue, "/coppice write it to NEW.md instead")

    body = (await shown(town, issue, "NEW.md"))["body"]
    assert "a note by `marta`" in body
    assert first is not None
    await town.comment(issue, f"/coppice approve {first[1]}")
    await town.comment_that(issue, lambda said: "is not the plan that waits" in said)
    assert (await waiting(town, issue))["status"] == "waiting"
    await town.comment(issue, "/coppice stop")
    assert (await town.ended(issue))["status"] == "cancelled"


async def test_an_edited_issue_voids_the_approval_and_shows_what_changed(town: World) -> None:
    issue, _ = await planned(town)

    await town.repo("PATCH", f"/issues/{issue}", {"body": "Please, and more."})

    body = (await shown(town, issue, "was edited by `marta`"))["body"]
    assert "+Please, and more." in body
    await town.comment(issue, "/coppice approve")
    assert (await town.ended(issue))["status"] == "done"


async def test_a_base_that_moved_in_the_plans_files_asks_again(town: World) -> None:
    issue, _ = await planned(town)
    await town.write_file("ELSEWHERE.md", "Not of the plan.\n")
    await town.write_file(f"NOTES-{issue}.md", "Somebody was faster.\n")

    body = (await shown(town, issue, "moved to"))["body"]

    assert f"changed `NOTES-{issue}.md`" in body
    assert "ELSEWHERE" not in body
    await town.comment(issue, "/coppice stop")
    await town.ended(issue)


async def test_what_was_ticked_before_the_base_moved_approves_nothing(town: World) -> None:
    issue, _ = await planned(town)
    await town.comment_that(issue, lambda said: "coppice:needs-" in said)  # nothing more is written
    comment = await shown(town, issue)
    await town.fault(kind="drop", event="issue_comment", times=1)
    ticked = comment["body"].replace("- [ ] Approve", "- [x] Approve")
    await town.repo("PATCH", f"/issues/comments/{comment['id']}", {"body": ticked})
    await town.write_file(f"NOTES-{issue}.md", "Somebody was faster.\n")
    body = (await shown(town, issue, "moved to"))["body"]

    await tick_again(town)

    said = (await town.comment_that(issue, lambda body: "is not the plan that waits" in body))[
        "body"
    ]
    hashes = re.findall(r"Approve plan `(\w+)`", comment["body"] + body)
    assert f"`{hashes[0]}` is not the plan that waits; that one is `{hashes[1]}`" in said
    assert (await waiting(town, issue))["status"] == "waiting"
    await town.comment(issue, f"/coppice approve {hashes[1]}")
    assert (await town.ended(issue))["status"] == "done"


async def tick_again(town: World) -> None:
    """Have GitHub send once more that the maintainer edited a comment."""
    for each in await town.call_app("GET", "/app/hook/deliveries"):
        if (each["event"], each["action"]) == ("issue_comment", "edited"):
            path = f"/app/hook/deliveries/{each['id']}"
            payload = (await town.call_app("GET", path))["request"]["payload"]
            if payload["sender"]["type"] == "User":
                await town.call_app("POST", f"{path}/attempts")
                return
    raise AssertionError("nobody ticked anything")


async def test_work_beside_the_plan_waits_for_an_amendment(town: World) -> None:
    issue = await town.issue()
    beside = {"write": "BESIDE.md", "text": "Also.\n"}
    town.script(issue, [note(issue), beside], plan=[plan(f"NOTES-{issue}.md")])
    await town.label(issue)
    await waiting(town, issue)
    await shown(town, issue)
    await town.comment(issue, "/coppice approve")

    body = (await shown(town, issue, "Approve amendment"))["body"]

    assert "The work also changes `BESIDE.md`." in body
    assert "approve what it needs beside the plan" in body
    asked = await town.comment(issue, "/coppice approve")
    run = await town.ended(issue)
    assert run["status"] == "done", run
    await town.reacted(asked, "rocket")
    assert "Approved beside the plan: `BESIDE.md`." in (await shown(town, issue, "beside"))["body"]


async def test_a_ticked_box_approves_what_it_shows(town: World) -> None:
    issue, _ = await planned(town)
    comment = await shown(town, issue)

    ticked = comment["body"].replace("- [ ] Approve", "- [x] Approve")
    await town.repo("PATCH", f"/issues/comments/{comment['id']}", {"body": ticked})

    assert (await town.ended(issue))["status"] == "done"
    await shown(town, issue, "approved by `marta`")


async def test_a_run_without_a_plan_is_blocked_where_plans_are_approved(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [note(issue)])

    await town.label(issue)

    run = await town.ended(issue)
    assert (run["status"], run["error"]["class"]) == ("blocked", "no_plan")


async def test_the_requester_does_not_count_where_that_is_said(town: World) -> None:
    await town.write_file(
        ".github/coppice.yml", GATED + "approvals: {count: 1, not_requester: true}\n"
    )
    issue, _ = await planned(town)

    asked = await town.comment(issue, "/coppice approve")

    await town.reacted(asked, "confused")
    await shown(town, issue, "whoever asked for the run does not count here")
    notices = await town.notices(issue)
    assert not any("@marta" in notice for notice in notices)
    await town.comment(issue, "/coppice stop")
    assert (await town.ended(issue))["status"] == "cancelled"


async def test_a_plan_that_nobody_approves_expires(town: World) -> None:
    await town.write_file(".github/coppice.yml", GATED + "approvals: {expire: 3s}\n")
    issue, _ = await planned(town)

    run = await town.ended(issue)

    assert (run["status"], run["error"]["class"]) == ("cancelled", "expired")
    check = (await town.checks(f"coppice/{issue}-{run['id'][:6]}"))["Coppice"]
    assert check["conclusion"] == "timed_out"
    await town.write_file(".github/coppice.yml", GATED)


async def test_only_owners_of_the_files_count_where_that_is_said(town: World) -> None:
    await town.write_file(".github/CODEOWNERS", "*.md @sam\n")
    await town.write_file(".github/coppice.yml", GATED + "approvals: {from: CODEOWNERS}\n")
    issue, _ = await planned(town)

    asked = await town.comment(issue, "/coppice approve")

    await town.reacted(asked, "confused")
    await shown(town, issue, "only the owners of these files count")
    await town.write_file(".github/CODEOWNERS", "*.md @marta\n")
    await town.comment(issue, "/coppice approve")
    assert (await town.ended(issue))["status"] == "done"
    await town.write_file(".github/coppice.yml", GATED)
