"""The pages over HTTP: what people see, and what their forms do."""

import base64

import pytest

from bot.forge.pages.issues import digest
from tests.forge.pages.conftest import Person
from tests.forge.running import Forge, Json


async def test_the_repository_shows_files_readme_branches_and_commits(person: Person) -> None:
    text = await person.see(person.home)

    for word in ("src/", "Reads what the sensors", "main", "Test that a window may cross midnight"):
        assert word in text


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/", "acme/greenhouse"),
        ("/acme/greenhouse/tree/main/src/greenhouse", "watering.py"),
        ("/acme/greenhouse/blob/main/src/greenhouse/watering.py", "class Window:"),
        ("/acme/greenhouse/commits", "Read sensor lines"),
        ("/acme/greenhouse/commits/main?page=2", "Commits of main"),
        ("/acme/greenhouse/issues", "Import stops at 21,5"),
        ("/acme/greenhouse/issues?state=closed", "None."),
        ("/acme/greenhouse/pulls", "0 open"),
        ("/acme/greenhouse/issues/1", "Night watering never starts"),
        ("/deliveries", "Webhook deliveries"),
        ("/ACME/Greenhouse", "acme/ greenhouse"),
    ],
)
async def test_every_page_says_what_it_is_about(person: Person, path: str, word: str) -> None:
    assert word in await person.see(path)


@pytest.mark.parametrize(
    "path",
    [
        "/acme/nothing",
        "/acme/greenhouse/issues/99",
        "/acme/greenhouse/blob/main/no/such/file",
        "/acme/greenhouse/blob/main/..%2f..%2fetc%2fpasswd",
        "/acme/greenhouse/commit/deadbeef",
        "/acme/greenhouse/commits/nowhere",
        "/acme/greenhouse/runs/5",
        "/deliveries/1",
    ],
)
async def test_what_is_not_there_is_a_page_that_says_so(person: Person, path: str) -> None:
    status, page = await person.get(path)

    assert (status, "You act as marta" in page) == (404, True)


async def test_a_commit_shows_its_diff(person: Person, forge: Forge) -> None:
    sha = await forge.commit("main", "notes.txt", "grown\n")

    text = await person.see(f"{person.home}/commit/{sha}")

    assert "Write notes.txt" in text
    assert "+grown" in text


async def test_raw_files_are_never_pages(person: Person, forge: Forge) -> None:
    await forge.commit("main", "evil.html", "<script>1</script>")

    url = f"{forge.html_url}{person.home}/raw/main/evil.html"
    async with person.session.get(url) as answer:
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_label_by_the_maintainer_is_an_event(person: Person, forge: Forge) -> None:
    status, _ = await person.send(f"{person.home}/issues/1/labels", label="coppice")

    labeled = await forge.event("issues.labeled")
    assert status == 200
    assert labeled.payload["label"]["name"] == "coppice"
    assert labeled.payload["sender"]["login"] == "marta"


async def test_a_label_is_taken_off_again(person: Person, forge: Forge) -> None:
    await person.send(f"{person.home}/issues/1/labels/remove", label="bug")

    assert (await forge.event("issues.unlabeled")).payload["issue"]["labels"] == []


@pytest.mark.parametrize("part", ["reader", "stranger"])
async def test_who_may_not_label_is_refused_and_sees_no_button(
    person: Person, forge: Forge, part: str
) -> None:
    await person.act_as(part)

    status, page = await person.send(f"{person.home}/issues/1/labels", label="coppice")

    assert (status, "You act as" in page) == (403, True)
    assert "needs triage access" in await person.see(f"{person.home}/issues/1")
    assert [label.name for label in forge.issue.labels] == ["bug"]


async def test_a_stranger_comments_under_their_own_name(person: Person, forge: Forge) -> None:
    await person.act_as("stranger")

    await person.send(f"{person.home}/issues/1/comments", body="Me too\r\n<b>!</b>")

    created = (await forge.event("issue_comment.created")).payload["comment"]
    assert (created["user"]["login"], created["body"]) == ("sam", "Me too\n<b>!</b>")
    assert "Me too <b>!</b>" in await person.see(f"{person.home}/issues/1")


async def test_an_issue_is_closed_and_opened_again(person: Person, forge: Forge) -> None:
    path = f"{person.home}/issues/1/state"

    await person.send(path, state="closed")
    await person.send(path, state="open")

    await forge.event("issues.reopened")
    assert (await forge.event("issues.closed")).payload["sender"]["login"] == "marta"


async def comment(forge: Forge, body: str) -> int:
    token = await forge.installation_token()
    made = await forge.post(f"{forge.repo}/issues/1/comments", {"body": body}, by=token)
    return int(made.body["id"])


async def test_a_box_in_the_bots_comment_can_be_ticked(person: Person, forge: Forge) -> None:
    body = "**Working**\n\n- [ ] Stop\n<!-- coppice:status -->"
    id = await comment(forge, body)

    path = f"{person.home}/issues/1/comments/{id}/boxes"
    status, _ = await person.send(path, line="2", was=digest(body))

    edited = (await forge.event("issue_comment.edited")).payload
    assert (status, edited["comment"]["body"]) == (200, body.replace("[ ]", "[x]"))
    assert (edited["changes"]["body"]["from"], edited["sender"]["login"]) == (body, "marta")


async def test_a_box_of_an_older_text_is_not_ticked(person: Person, forge: Forge) -> None:
    id = await comment(forge, "- [ ] Stop")

    path = f"{person.home}/issues/1/comments/{id}/boxes"
    status, page = await person.send(path, line="0", was=digest("- [ ] Start"))

    assert (status, "changed in the meantime" in page) == (409, True)


async def test_a_reader_ticks_nothing(person: Person, forge: Forge) -> None:
    id = await comment(forge, "- [ ] Stop")
    await person.act_as("reader")

    path = f"{person.home}/issues/1/comments/{id}/boxes"
    status, _ = await person.send(path, line="0", was=digest("- [ ] Stop"))

    assert (status, forge.state.comments[id].body) == (403, "- [ ] Stop")


async def test_the_pull_request_shows_table_checks_and_diff(person: Person, forge: Forge) -> None:
    body = "Closes #1\n\n| run | here |\n|---|---|\n| `pytest` | passes |"
    pull = await forge.pull("fix", body=body, draft=True)
    await check_run(forge, pull["head"]["sha"], conclusion="success")

    text = await person.see(f"{person.home}/pull/{pull['number']}")

    for word in ("Draft", "pytest", "passes", "Coppice / verify", "success", "fix.txt", "+grown"):
        assert word in text


async def check_run(forge: Forge, sha: str, **more: str) -> int:
    run = {
        "name": "Coppice / verify",
        "head_sha": sha,
        "actions": [{"label": "Stop", "description": "Stop the run", "identifier": "stop"}],
        "output": {"title": "All passed", "summary": "fine"},
        **more,
    }
    made = await forge.post(f"{forge.repo}/check-runs", run, by=await forge.installation_token())
    assert made.status == 201, made.body
    return int(made.body["id"])


async def test_issue_and_pull_addresses_lead_to_each_other(person: Person, forge: Forge) -> None:
    pull = await forge.pull("fix")

    assert "wants to merge" in await person.see(f"{person.home}/issues/{pull['number']}")
    assert "opened by" in await person.see(f"{person.home}/pull/1")


async def test_a_draft_becomes_ready_and_is_merged(person: Person, forge: Forge) -> None:
    pull = await forge.pull("fix", body="Closes #1", draft=True)
    path = f"{person.home}/pull/{pull['number']}"

    assert (await person.send(f"{path}/merge", sha=pull["head"]["sha"]))[0] == 400
    await person.send(f"{path}/ready")
    status, _ = await person.send(f"{path}/merge", sha=pull["head"]["sha"])

    await forge.event("pull_request.ready_for_review")
    closed = (await forge.event("pull_request.closed")).payload["pull_request"]
    assert (status, closed["merged"], forge.issue.state) == (200, True, "closed")
    assert "Merged" in await person.see(path)


async def test_the_diff_is_there_as_text(person: Person, forge: Forge) -> None:
    pull = await forge.pull("fix")

    _, text = await person.get(f"{person.home}/pull/{pull['number']}.diff")

    assert text.startswith("diff --git a/fix.txt b/fix.txt\n")


async def test_two_commits_compared_are_there_as_a_patch(person: Person, forge: Forge) -> None:
    pull = await forge.pull("fix")
    ends = f"{pull['base']['sha']}...{pull['head']['sha']}"

    status, text = await person.get(f"{person.home}/compare/{ends}.patch")

    assert (status, "Subject: [PATCH]" in text) == (200, True)
    assert (await person.get(f"{person.home}/compare/{'0' * 40}...{'1' * 40}.patch"))[0] == 404


async def test_a_button_of_a_check_run_reaches_its_app(person: Person, forge: Forge) -> None:
    sha = await forge.commit("main", "a", "a")
    id = await check_run(forge, sha)

    status, page = await person.send(f"{person.home}/runs/{id}/actions", identifier="stop")

    event = (await forge.event("check_run.requested_action")).payload
    assert (status, event["requested_action"], event["sender"]["login"]) == (
        200,
        {"identifier": "stop"},
        "marta",
    )
    assert "All passed" in page


async def test_a_completed_check_run_can_be_run_again(person: Person, forge: Forge) -> None:
    id = await check_run(forge, await forge.commit("main", "a", "a"), conclusion="failure")

    await person.send(f"{person.home}/runs/{id}/rerequest")

    assert (await forge.event("check_run.rerequested")).payload["check_run"]["id"] == id


async def test_the_buttons_are_not_for_the_triager(person: Person, forge: Forge) -> None:
    id = await check_run(forge, await forge.commit("main", "a", "a"))
    await person.act_as("triager")

    status, _ = await person.send(f"{person.home}/runs/{id}/actions", identifier="stop")

    assert status == 403
    assert "tomas needs write access to press Stop" in await person.see(f"{person.home}/runs/{id}")


async def test_a_delivery_shows_its_payload_and_goes_out_again(
    person: Person, forge: Forge
) -> None:
    await person.send(f"{person.home}/issues/1/labels", label="coppice")
    first = await forge.event("issues.labeled")
    await forge.settled()
    id = next(d.id for d in forge.state.deliveries if d.guid == first.guid)

    text = await person.see(f"/deliveries/{id}")
    await person.send(f"/deliveries/{id}/attempts")

    again = await forge.event("issues.labeled", n=2)
    assert first.guid in text
    assert '"name": "coppice"' in text
    assert again.guid == first.guid


async def test_only_the_apps_owner_sends_again(person: Person, forge: Forge) -> None:
    await person.send(f"{person.home}/issues/1/labels", label="coppice")
    await forge.settled()
    await person.act_as("stranger")

    status, _ = await person.send(f"/deliveries/{forge.state.deliveries[-1].id}/attempts")

    assert status == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", "http://127.0.0.1:1"])
async def test_forms_of_other_sites_do_nothing(person: Person, forge: Forge, origin: str) -> None:
    path = f"{person.home}/issues/1/labels"

    status, page = await person.send(path, origin=origin, label="coppice")

    assert (status, "not sent by a page of this forge" in page) == (403, True)
    assert [label.name for label in forge.issue.labels] == ["bug"]


async def test_a_name_that_was_rebound_to_the_forge_does_nothing(
    person: Person, forge: Forge
) -> None:
    port = forge.html_url.rsplit(":", 1)[1]
    headers = {"Host": f"evil.example:{port}", "Origin": f"http://evil.example:{port}"}
    url = f"{forge.html_url}{person.home}/issues/1/labels"

    async with person.session.post(url, data={"label": "coppice"}, headers=headers) as answer:
        assert answer.status == 403


async def test_the_way_back_stays_on_the_forge(person: Person, forge: Forge) -> None:
    for target in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        async with person.session.post(
            f"{forge.html_url}/_pages/act-as",
            data={"user": "reader", "back": target},
            headers={"Origin": forge.html_url},
            allow_redirects=False,
        ) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/")


async def test_a_private_repository_is_hidden_from_strangers(person: Person, forge: Forge) -> None:
    forge.repository.private = True
    await person.act_as("stranger")

    assert (await person.get(person.home))[0] == 404
    assert "acme/greenhouse" not in await person.see("/")


async def test_nobody_is_shown_for_a_deleted_author(person: Person, forge: Forge) -> None:
    forge.issue.user = None

    assert "opened by ghost" in await person.see(f"{person.home}/issues/1")


async def test_binary_and_renamed_files_are_shown_as_such(person: Person, forge: Forge) -> None:
    content = base64.b64encode(bytes(range(256))).decode()
    body = {"message": "Add a picture", "content": content, "branch": "main"}
    made = await forge.put(f"{forge.repo}/contents/a%20b.bin", body, by="maintainer")

    text = await person.see(f"{person.home}/commit/{made.body['commit']['sha']}")

    assert "A binary file." in text
    assert "not text" in await person.see(f"{person.home}/blob/main/a%20b.bin")


async def test_pages_allow_no_scripts_at_all(person: Person, forge: Forge) -> None:
    async with person.session.get(forge.html_url + person.home) as answer:
        policy, page = answer.headers["Content-Security-Policy"], await answer.text()

    assert "default-src 'none'" in policy
    assert "<script" not in page
    assert 'style="' not in page


# --- reviews and CI ---------------------------------------------------------------------------


async def with_thread(forge: Forge, text: str, *, by: str = "triager") -> tuple[str, Json]:
    """Open a pull request with a thread on its one line; return its page and the comment."""
    pull = await forge.pull("feature")
    body = {"path": "feature.txt", "line": 1, "body": text, "commit_id": pull["head"]["sha"]}
    made = await forge.post(f"{forge.repo}/pulls/{pull['number']}/comments", body, by=by)
    assert made.status == 201, made.body
    return f"/{forge.repository.full_name}/pull/{pull['number']}", made.body


async def test_a_thread_shows_its_lines_and_the_suggested_change(
    person: Person, forge: Forge
) -> None:
    path, _ = await with_thread(forge, "Rather\n\n```suggestion\nshrunk\n```")

    _, page = await person.get(path)

    assert '<tr class="removed"><td class="code">-grown</td></tr>' in page
    assert '<tr class="added"><td class="code">+shrunk</td></tr>' in page
    assert "Suggested change" in await person.see(path)


async def test_a_thread_is_answered_and_resolved_by_forms(person: Person, forge: Forge) -> None:
    path, comment = await with_thread(forge, "why")
    thread = next(i.pull for i in forge.repository.issues.values() if i.pull).threads[0]

    await person.send(f"{path}/threads/{thread.id}/replies", body="because")
    await person.send(f"{path}/threads/{thread.id}/resolve")

    created = await forge.event("pull_request_review_comment.created", n=2)
    await forge.event("pull_request_review_thread.resolved")
    assert created.payload["comment"]["in_reply_to_id"] == comment["id"]
    assert f"resolved by {forge.login('maintainer')}" in await person.see(path)
    await person.send(f"{path}/threads/{thread.id}/resolve")
    await forge.event("pull_request_review_thread.unresolved")


async def test_a_stranger_resolves_nothing(person: Person, forge: Forge) -> None:
    path, _ = await with_thread(forge, "why")
    thread = next(i.pull for i in forge.repository.issues.values() if i.pull).threads[0]
    await person.act_as("stranger")

    status, page = await person.send(f"{path}/threads/{thread.id}/resolve")

    assert status == 403
    assert "Open again" not in page


async def test_an_outdated_thread_says_so(person: Person, forge: Forge) -> None:
    path, _ = await with_thread(forge, "why")
    sha = (await forge.get(f"{forge.repo}/contents/feature.txt?ref=feature")).body["sha"]
    body = {"message": "m", "content": "eA==", "branch": "feature", "sha": sha}
    await forge.put(f"{forge.repo}/contents/feature.txt", body, by="maintainer")

    assert "line 1 outdated" in await person.see(path)


async def test_a_review_and_a_comment_on_a_line_are_sent_by_forms(
    person: Person, forge: Forge
) -> None:
    pull = await forge.pull("feature")
    path = f"{person.home}/pull/{pull['number']}"

    await person.send(f"{path}/reviews", event="REQUEST_CHANGES", body="not yet")
    await person.act_as("triager")
    await person.send(f"{path}/reviews", event="REQUEST_CHANGES", body="not yet")
    await person.send(f"{path}/threads", path="feature.txt", line="1", body="here")
    status, _ = await person.send(f"{path}/threads", path="feature.txt", line="99", body="no")

    submitted = await forge.event("pull_request_review.submitted")
    assert submitted.payload["review"]["user"]["login"] == forge.login("triager")
    await forge.event("pull_request_review_comment.created")
    assert status == 422


async def test_a_hidden_comment_is_folded(person: Person, forge: Forge) -> None:
    token = await forge.installation_token()
    made = await forge.post(f"{forge.repo}/issues/1/comments", {"body": "older"}, by=token)
    query = """mutation($id: ID!) {
      minimizeComment(input: {subjectId: $id, classifier: RESOLVED}) { __typename }
    }"""
    variables = {"id": made.body["node_id"]}
    await forge.post("/graphql", {"query": query, "variables": variables}, by=token)

    _, page = await person.get(f"{person.home}/issues/1")

    assert '<details class="hidden">' in page
    assert "wrote something that was hidden: resolved" in await person.see(
        f"{person.home}/issues/1"
    )


async def test_annotations_and_logs_of_a_job_are_shown(person: Person, forge: Forge) -> None:
    pull = await forge.pull("feature")
    note = {
        "path": "feature.txt",
        "start_line": 1,
        "end_line": 1,
        "annotation_level": "failure",
        "message": "assert 1 == 2",
    }
    job = {"name": "test", "conclusion": "failure", "log": "1 failed", "annotations": [note]}
    done = await forge.post("/_forge/ci", {"pull_request": pull["number"], "runs": [job]})
    id = done.body["jobs"][0]["id"]

    diff = await person.see(f"{person.home}/pull/{pull['number']}")
    page = await person.see(f"{person.home}/runs/{id}")
    home = f"{person.home}/actions/runs/{done.body['workflow_run']}"
    of_run, of_job = await person.see(home), await person.see(f"{home}/job/{id}")
    await person.send(f"{person.home}/runs/{id}/rerequest")

    assert "failure test assert 1 == 2" in diff
    assert all("1 failed" in shown for shown in (page, of_run, of_job))
    again = await forge.event("workflow_run.completed", n=2)
    assert again.payload["workflow_run"]["run_attempt"] == 2


async def test_a_check_run_without_output_is_shown(person: Person, forge: Forge) -> None:
    run = await forge.check_run(await forge.installation_token())

    assert "No output" in await person.see(f"{person.home}/runs/{run['id']}")


async def test_mentions_and_forced_pushes_are_lines_of_the_timeline(
    person: Person, forge: Forge
) -> None:
    await forge.post(f"{forge.repo}/issues/2/comments", {"body": "like #1"}, by="reader")
    await forge.put(f"{forge.repo}/issues/1/lock", {"lock_reason": "spam"}, by="maintainer")

    text = await person.see(f"{person.home}/issues/1")

    assert f"{forge.login('reader')} mentioned this in" in text
    assert "locked the conversation as spam" in text
