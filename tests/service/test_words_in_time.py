"""What people say counts for what they could see, and nobody is left without an answer."""

import re

import pytest

from tests.service.gate import GATED, note, plan, planned, shown, waiting
from tests.service.turns import following
from tests.service.world import Json, World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

BESIDE = {"write": "BESIDE.md", "text": "Also.\n"}


@pytest.fixture(scope="module")
def rules() -> str:
    return GATED


async def check_page(town: World, run: Json) -> tuple[int, str]:
    """The check run `Coppice` of a run: its id, and its page with the buttons."""
    check = (await town.checks(f"coppice/{run['issue']}-{run['id'][:6]}"))["Coppice"]
    async with town.session.get(check["html_url"]) as page:
        return int(check["id"]), await page.text()


async def send_again(town: World, label: str) -> None:
    """Have GitHub send once more that a label was put on."""
    for each in await town.call_app("GET", "/app/hook/deliveries"):
        if (each["event"], each["action"]) == ("issues", "labeled"):
            path = f"/app/hook/deliveries/{each['id']}"
            payload = (await town.call_app("GET", path))["request"]["payload"]
            if payload["label"]["name"] == label:
                await town.call_app("POST", f"{path}/attempts")
                return
    raise AssertionError(f"nobody put on {label}")


async def test_a_button_approves_the_plan_that_stood_above_it(town: World) -> None:
    issue, run = await planned(town)
    hash_ = re.search(r"Approve plan `(\w{8})`", (await shown(town, issue))["body"])
    assert hash_ is not None
    await town.comment_that(issue, lambda said: "coppice:needs-" in said)
    id_, page = await check_page(town, run)
    assert f'"approve-{hash_[1]}"' in page

    await town.switch("press", check_run=id_, identifier=f"approve-{hash_[1]}", user="marta")

    assert (await town.ended(issue))["status"] == "done"


async def test_a_label_for_a_plan_that_was_replaced_meanwhile_approves_nothing(
    town: World,
) -> None:
    issue, _ = await planned(town, plan("OLD.md"), plan("NEW.md", summary="Another way."))
    await town.comment_that(issue, lambda said: "coppice:needs-" in said)  # its labels are there
    await town.fault(kind="drop", event="issues", times=1)
    await town.label(issue, name="coppice:approve")
    await town.comment(issue, "/coppice write it to NEW.md instead")
    await shown(town, issue, "NEW.md")

    await send_again(town, "coppice:approve")

    said = "The approval by `marta` does not count: it names none"
    body = (await shown(town, issue, said))["body"]
    assert "It was made again after a note by `marta`." in body
    assert (await waiting(town, issue))["status"] == "waiting"
    await town.comment(issue, "/coppice stop")
    await town.ended(issue)


async def test_a_note_in_the_place_of_an_amendment_has_the_work_made_again(town: World) -> None:
    issue = await town.issue()
    attempts = [*[[note(issue), BESIDE]] * 3, [note(issue)]]  # review and rules send it back
    town.script(issue, *attempts, plan=[plan(f"NOTES-{issue}.md")])
    await town.label(issue)
    await waiting(town, issue)
    await shown(town, issue)
    await town.comment(issue, "/coppice approve")
    await shown(town, issue, "Approve amendment")

    asked = await town.comment(issue, "/coppice leave BESIDE.md out, please")

    await town.reacted(asked, "rocket")
    run = await town.ended(issue)
    assert run["status"] == "done", run
    files = await town.repo("GET", f"/pulls/{run['pull_request']}/files")
    assert [file["filename"] for file in files] == [f"NOTES-{issue}.md"]
    assert "approved by `marta`" in (await shown(town, issue, "Plan for"))["body"]
    body = (await town.repo("GET", f"/pulls/{run['pull_request']}"))["body"]
    assert "approved by `marta`; no file outside it." in body


async def test_an_edit_after_the_approval_asks_nobody_again(town: World) -> None:
    issue, _ = await planned(town)
    await town.comment(issue, "/coppice approve")
    run = await town.ended(issue)

    await town.repo("PATCH", f"/issues/{issue}", {"body": "Please, and more."})
    await town.settled("issues.edited", issue)
    asked = await town.comment(run["pull_request"], "/coppice ready")

    await town.reacted(asked, "rocket")
    status = await town.comment_that(issue, lambda said: "coppice:status " in said)
    assert "The issue was edited by `marta`; that was not taken in." in status["body"]
    assert "- [ ]" not in (await shown(town, issue, "Plan for"))["body"]


async def test_what_is_ready_for_review_has_no_box_for_it_any_more(town: World) -> None:
    await town.write_file(".github/coppice.yml", GATED.replace("always", "never"))
    issue, run = await following(town)
    pull = await town.repo("GET", f"/pulls/{run['pull_request']}")
    assert "- [ ] Ready for review" in pull["body"]

    asked = await town.comment(run["pull_request"], "/coppice ready")

    await town.reacted(asked, "rocket")
    pull = await town.repo("GET", f"/pulls/{run['pull_request']}")
    assert "Ready for review" not in pull["body"]
    assert "- [ ] Run CI" in pull["body"]
    await town.comment_that(issue, lambda said: "**Done: pull request #" in said)


async def test_a_retry_of_what_is_good_says_that_there_was_nothing_to_do(town: World) -> None:
    await town.write_file(".github/coppice.yml", GATED.replace("always", "never"))
    issue = await town.issue()
    town.script(issue, [note(issue)])
    await town.label(issue)
    run = await town.ended(issue)

    asked = await town.comment(run["pull_request"], "/coppice retry")

    said = "there was nothing to retry on"
    answer = await town.comment_that(run["pull_request"], lambda body: said in body)
    assert "write `/coppice` and what you want" in answer["body"]
    await town.reacted(asked, "confused")
    rows = await town.until(lambda rows: rows[0]["status"] == "done")
    assert (rows[0]["error"], rows[0]["following"]) == (None, True)
