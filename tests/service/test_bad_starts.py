"""Who and what starts nothing: each is ignored or answered for a reason that is kept."""

import asyncio
import hashlib
import hmac
import json
import uuid

import pytest

from tests.service.world import Json, World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

NOTE = {"write": "NOTES.md", "text": "A note.\n"}


async def started(town: World, issue: int) -> list[Json]:
    return [row for row in await town.runs() if row["issue"] == issue]


async def deliver(town: World, event: str, payload: Json, guid: str | None = None) -> int:
    """Post a webhook signed with the right secret; answer the status."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    secret = str(town.forge.ready["webhook_secret"]).encode()
    headers = {
        "content-type": "application/json",
        "x-github-event": event,
        "x-github-delivery": guid or str(uuid.uuid4()),
        "x-hub-signature-256": f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}",
    }
    url = f"http://127.0.0.1:{town.port}/webhook"
    async with town.session.post(url, data=body, headers=headers) as answer:
        return answer.status


async def sent(town: World, event: str) -> Json:
    """The newest payload of an event that the forge has sent."""
    for row in await town.call_app("GET", "/app/hook/deliveries?per_page=100"):
        if event == f"{row['event']}.{row['action']}":
            found = await town.call_app("GET", f"/app/hook/deliveries/{row['id']}")
            return found["request"]["payload"]
    raise AssertionError(f"no {event} was sent")


async def test_a_label_by_triage_is_answered_once_and_starts_nothing(town: World) -> None:
    issue = await town.issue()
    await town.label(issue, who="triager")
    first = await town.settled("issues.labeled", issue)
    await town.repo("DELETE", f"/issues/{issue}/labels/coppice", who="triager")
    await town.label(issue, who="triager")

    row = await town.settled("issues.labeled", issue)

    assert first["decision"] == row["decision"] == "effect"
    assert row["reason"] == "label coppice needs write access; tomas has triage"
    assert await started(town, issue) == []
    (comment,) = await town.said(issue)
    assert "needs write access; `tomas` has triage" in comment


async def test_commands_of_people_without_write_access_start_nothing(town: World) -> None:
    issue = await town.issue()
    for who in ("reader", "stranger"):
        await town.comment(issue, "/coppice run", who=who)
        row = await town.settled("issue_comment.created", issue)
        assert "needs write access" in row["reason"]

    assert await started(town, issue) == []
    assert await town.said(issue) == []


async def test_labels_by_machines_are_ignored(town: World) -> None:
    issue = await town.issue()
    await town.label(issue, who="triager")
    await town.settled("issues.labeled", issue)
    payload = await sent(town, "issues.labeled")
    ours = await town.call("GET", f"/users/{await slug(town)}[bot]")
    other = {**payload["sender"], "id": 99_999, "login": "renovate[bot]", "type": "Bot"}

    for sender, why in ((ours, "sender is this app"), (other, "sender renovate[bot] is a bot")):
        payload["sender"] = {**payload["sender"], **sender}
        assert await deliver(town, "issues", payload) == 202
        assert (await town.settled("issues.labeled", issue))["reason"] == why
    assert await started(town, issue) == []


async def slug(town: World) -> str:
    return str((await town.call_app("GET", "/app"))["slug"])


async def test_a_command_that_is_shown_is_not_given(town: World) -> None:
    issue = await town.issue()
    for body in (
        "```\n/coppice run\n```",
        "> /coppice run",
        "<!--\n/coppice run\n-->",
        "    /coppice run",
        "Write `/coppice run`.",
    ):
        await town.comment(issue, body)
        row = await town.settled("issue_comment.created", issue)
        assert (row["decision"], row["reason"]) == ("ignore", "no command in the comment"), body

    assert await started(town, issue) == []


async def test_an_edited_comment_gives_no_command(town: World) -> None:
    issue = await town.issue()
    comment = await town.comment(issue, "Nice.")

    await town.repo("PATCH", f"/issues/comments/{comment}", {"body": "/coppice run"})

    row = await town.settled("issue_comment.edited", issue)
    assert row["decision"] == "ignore"
    assert await started(town, issue) == []


async def test_a_second_start_while_one_lives(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [{"hang": 600}])
    await town.label(issue)
    run = await town.at(issue, "implement")

    await town.comment(issue, "/coppice run")
    await town.settled("issue_comment.created", issue)
    await town.repo("POST", f"/issues/{issue}/labels", {"labels": ["Coppice"]})
    await town.comment(issue, "/coppice retry")
    await town.settled("issue_comment.created", issue)

    said = "\n".join(await town.said(issue))
    assert said.count(f"Run `{run['id'][:6]}` is at implement, attempt 1 ([status](") == 2
    assert len(await started(town, issue)) == 1
    await town.comment(issue, "/coppice stop")
    await town.ended(issue)


async def test_the_same_delivery_again_starts_nothing_again(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [NOTE])
    await town.label(issue)
    run = await town.ended(issue)
    row = await town.settled("issues.labeled", issue)
    writes = len(await town.writes())

    assert await deliver(town, "issues", await sent(town, "issues.labeled"), row["guid"]) == 200
    await town.output("redeliver", row["guid"])
    async with asyncio.timeout(150):
        while (await town.listed("deliveries", row["guid"]))[0]["decision"] == "pending":
            await asyncio.sleep(0.1)

    assert [r["id"] for r in await started(town, issue)] == [run["id"]]
    made = [write for write in (await town.writes())[writes:] if write["status"] != 200]
    assert made == []


async def test_a_forged_marker_is_left_alone(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [{"hang": 600}])
    await town.label(issue)
    await town.at(issue, "implement")
    marker = (await town.said(issue))[0].rsplit("\n", 1)[1]
    forged = await town.comment(issue, f"Not ours.\n{marker}", who="stranger")

    await town.comment(issue, "/coppice stop")

    await town.ended(issue)
    assert len(await town.said(issue)) == 1
    theirs = await town.repo("GET", f"/issues/comments/{forged}")
    assert theirs["body"].startswith("Not ours.")


async def test_json_of_another_shape_is_kept_and_ignored(town: World) -> None:
    for payload in ({"action": "labeled"}, {"action": ["labeled"], "issue": 7}, [1, 2], "text"):
        assert await deliver(town, "issues", payload) == 202
        row = await town.settled("issues")
        assert row["decision"] == "ignore"
        assert row["reason"]
    assert await deliver(town, "issues", b"{") == 400


async def test_an_unknown_command_names_the_nearest(town: World) -> None:
    issue = await town.issue()
    await town.comment(issue, "/coppice rnu")
    await town.settled("issue_comment.created", issue)

    (comment,) = await town.said(issue)

    assert "Did you mean `/coppice run`?" in comment


async def test_no_error_was_logged(town: World) -> None:
    assert "ERROR" not in (town.folder / "serve.log").read_text()
    violations = await town.call("GET", f"{town.control}/violations")
    assert violations == []
