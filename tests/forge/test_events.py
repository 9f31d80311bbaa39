"""Which call causes which events, and how they go out (github.md, section e, 1-6, 17, 19, 27)."""

import hashlib
import hmac
import json

from tests.forge.running import Forge


async def test_what_the_app_does_comes_back_to_it(forge: Forge) -> None:
    """1: kubernetes/test-infra#12138, The-PR-Agent/pr-agent#2438."""
    token = await forge.installation_token()
    await forge.post(f"{forge.repo}/issues/1/comments", {"body": "hello"}, by=token)

    created = await forge.event("issue_comment.created")

    assert created.payload["sender"]["login"] == "coppice[bot]"
    assert created.payload["sender"]["type"] == "Bot"
    assert created.payload["comment"]["performed_via_github_app"]["id"] == forge.app_id


async def test_a_reaction_is_no_event(forge: Forge) -> None:
    await forge.post(f"{forge.repo}/issues/1/reactions", {"content": "eyes"}, by="reader")

    assert await forge.settled() == []


async def test_both_signatures_are_of_the_raw_body(forge: Forge) -> None:
    """D: validating webhook deliveries."""
    await forge.post(f"{forge.repo}/issues/1/labels", {"labels": ["coppice"]}, by="maintainer")
    labeled = await forge.event("issues.labeled")

    body = forge.state.deliveries[0].body
    for name, digest in (("X-Hub-Signature", "sha1"), ("X-Hub-Signature-256", "sha256")):
        mac = hmac.new(forge.webhook_secret.encode(), body, getattr(hashlib, digest))
        assert labeled.headers[name] == f"{digest}={mac.hexdigest()}"
    assert json.loads(body)["label"]["name"] == "coppice"
    assert labeled.headers["X-GitHub-Hook-Installation-Target-Type"] == "integration"
    assert labeled.headers["X-GitHub-Hook-Installation-Target-ID"] == str(forge.app_id)


async def test_a_failed_delivery_is_not_sent_again(forge: Forge) -> None:
    """3: no automatic redelivery (D: handling failed webhook deliveries)."""
    forge.answer_status = 500
    await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by="reader")
    assert await forge.settled() == ["issue_comment.created"]

    (logged,) = (await forge.get("/app/hook/deliveries", by="app")).body

    assert (logged["status"], logged["status_code"], logged["redelivery"]) == (
        "Invalid HTTP Response: 500",
        500,
        False,
    )


async def test_a_redelivery_has_the_same_guid_and_another_id(forge: Forge) -> None:
    """3, 6: `guid` is the event, `id` the attempt; 202."""
    await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by="reader")
    first = await forge.event("issue_comment.created")
    (logged,) = (await forge.get("/app/hook/deliveries", by="app")).body

    path = f"/app/hook/deliveries/{logged['id']}/attempts"
    answer = await forge.post(path, by="app")
    again = await forge.event("issue_comment.created", n=2)

    assert answer.status == 202
    assert (again.guid, again.payload) == (first.guid, first.payload)
    newest, oldest = (await forge.get("/app/hook/deliveries", by="app")).body
    assert newest["guid"] == oldest["guid"]
    assert newest["id"] != oldest["id"]
    assert newest["redelivery"] is True


async def test_a_delivery_shows_what_was_sent_and_answered(forge: Forge) -> None:
    await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by="reader")
    await forge.settled()
    (logged,) = (await forge.get("/app/hook/deliveries", by="app")).body

    detail = (await forge.get(f"/app/hook/deliveries/{logged['id']}", by="app")).body

    assert detail["request"]["headers"]["X-GitHub-Delivery"] == logged["guid"]
    assert detail["request"]["payload"]["comment"]["body"] == "x"
    assert (detail["status"], detail["status_code"]) == ("OK", 202)


async def test_deliveries_are_paged_by_cursor(forge: Forge) -> None:
    for n in range(3):
        await forge.post(f"{forge.repo}/issues/1/comments", {"body": str(n)}, by="reader")
    await forge.settled()

    first = await forge.get("/app/hook/deliveries?per_page=2", by="app")
    link = first.headers["Link"].partition(">")[0].lstrip("<")
    rest = await forge.get(link, by="app")

    assert (len(first.body), len(rest.body)) == (2, 1)
    assert rest.body[0]["id"] < first.body[-1]["id"]


async def test_a_receiver_that_is_not_there_is_in_the_log(forge: Forge) -> None:
    await forge.patch("/app/hook/config", {"url": "http://127.0.0.1:9/none"}, by="app")
    await forge.running.forge.hooks.settled()

    (logged,) = (await forge.get("/app/hook/deliveries", by="app")).body

    assert (logged["event"], logged["status"]) == ("ping", "failed to connect to host")


async def test_a_new_address_is_pinged(forge: Forge) -> None:
    url = forge.running.installation.app.hook.url

    await forge.patch("/app/hook/config", {"url": f"{url}?again"}, by="app")

    assert (await forge.event("ping")).payload["hook"]["config"]["url"] == f"{url}?again"


async def test_an_app_gets_only_events_that_it_asked_for(forge: Forge) -> None:
    forge.running.installation.events.remove("issue_comment")

    await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by="reader")

    assert await forge.settled() == []


async def test_a_suspended_installation_gets_no_events(forge: Forge) -> None:
    await forge.switch("suspend")

    await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by="reader")

    assert await forge.settled() == ["installation.suspend"]


async def test_who_edits_a_comment_need_not_be_its_author(forge: Forge) -> None:
    """19: sender and comment.user differ; `changes.body.from` is the old text."""
    made = await forge.post(f"{forge.repo}/issues/1/comments", {"body": "old"}, by="reader")
    path = f"{forge.repo}/issues/comments/{made.body['id']}"
    await forge.patch(path, {"body": "/coppice run"}, by="maintainer")

    edited = (await forge.event("issue_comment.edited")).payload

    assert edited["sender"]["login"] == forge.login("maintainer")
    assert edited["comment"]["user"]["login"] == forge.login("reader")
    assert edited["changes"] == {"body": {"from": "old"}}


async def test_a_title_edit_has_no_change_of_the_body(forge: Forge) -> None:
    """19."""
    await forge.patch(f"{forge.repo}/issues/1", {"title": "Another"}, by="maintainer")

    edited = await forge.event("issues.edited")

    assert list(edited.payload["changes"]) == ["title"]


async def test_a_strangers_edit_of_anothers_comment_is_refused(forge: Forge) -> None:
    made = await forge.post(f"{forge.repo}/issues/1/comments", {"body": "old"}, by="reader")
    path = f"{forge.repo}/issues/comments/{made.body['id']}"

    assert (await forge.patch(path, {"body": "new"}, by="stranger")).status == 403


async def test_the_association_of_a_member_is_not_in_the_payload(forge: Forge) -> None:
    """17: actions/github-script#643, triagebot#2094: private members arrive as NONE."""
    await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by="maintainer")

    created = await forge.event("issue_comment.created")

    assert created.payload["comment"]["author_association"] == "NONE"


async def test_a_payload_over_25_mib_is_dropped(forge: Forge) -> None:
    """27."""
    text = "x" * 65_000
    for _ in range(420):
        forge.issue.labels.append(forge.state.add_label(forge.repository, text))

    await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by="reader")

    assert await forge.settled() == []
    assert forge.state.deliveries == []


async def test_the_log_is_filtered_by_outcome(forge: Forge) -> None:
    await forge.fault("drop", event="issue_comment", after=1)
    for n in range(3):
        await forge.post(f"{forge.repo}/issues/1/comments", {"body": str(n)}, by="reader")
    await forge.settled()

    failed = (await forge.get("/app/hook/deliveries?status=failure", by="app")).body
    sent = (await forge.get("/app/hook/deliveries?status=success", by="app")).body
    (missed,) = failed
    detail = await forge.get(f"/app/hook/deliveries/{missed['id']}", by="app")

    assert len(sent) == 2
    assert detail.body["request"]["payload"]["comment"]["body"] == "1"


async def test_the_log_goes_back_three_days(forge: Forge) -> None:
    """3 (D: redelivering webhooks)."""
    await forge.post(f"{forge.repo}/issues/1/comments", {"body": "old"}, by="reader")
    await forge.settled()
    (old,) = (await forge.get("/app/hook/deliveries", by="app")).body

    await forge.advance(3 * 86_400 + 1)
    await forge.post(f"{forge.repo}/issues/1/comments", {"body": "new"}, by="reader")
    await forge.settled()

    (new,) = (await forge.get("/app/hook/deliveries", by="app")).body
    assert new["id"] != old["id"]
    for path in ("", "/attempts"):
        method = "POST" if path else "GET"
        answer = await forge.call(method, f"/app/hook/deliveries/{old['id']}{path}", by="app")
        assert answer.status == 404


async def test_what_is_on_its_way_is_not_in_the_log(forge: Forge) -> None:
    await forge.fault("delay", event="issue_comment", seconds=2)
    await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by="reader")

    early = (await forge.get("/app/hook/deliveries", by="app")).body
    await forge.settled()

    assert early == []
    assert len((await forge.get("/app/hook/deliveries", by="app")).body) == 1


async def test_a_cursor_that_github_did_not_give_is_refused(forge: Forge) -> None:
    answer = await forge.get("/app/hook/deliveries?cursor=7", by="app")

    assert answer.status == 422


async def test_a_long_log_is_read_to_its_end(forge: Forge) -> None:
    for n in range(25):
        await forge.post(f"{forge.repo}/issues/1/comments", {"body": str(n)}, by="reader")
    await forge.settled()

    found: list[str] = []
    path = "/app/hook/deliveries?per_page=10"
    while path:
        answer = await forge.get(path, by="app")
        found += [one["guid"] for one in answer.body]
        link = answer.headers.get("Link", "")
        path = link.partition(">")[0].lstrip("<")

    assert found == [one.guid for one in reversed(forge.deliveries)]
