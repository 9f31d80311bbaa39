"""Check runs and suites (github.md, section e, 15, 16)."""

import pytest

from tests.forge.running import Forge, Json

BUTTON = {"label": "Stop", "description": "End this run", "identifier": "stop"}


async def test_only_apps_write_check_runs(forge: Forge) -> None:
    """16."""
    head = await forge.get(f"{forge.repo}/commits/main")
    body = {"name": "x", "head_sha": head.body["sha"]}

    answer = await forge.post(f"{forge.repo}/check-runs", body, by="maintainer")

    assert (answer.status, answer.body["message"]) == (
        403,
        "You must authenticate via a GitHub App.",
    )


async def test_completed_needs_a_conclusion(forge: Forge) -> None:
    """16: not in the schema."""
    token = await forge.installation_token()
    run = await forge.check_run(token)
    path = f"{forge.repo}/check-runs/{run['id']}"

    refused = await forge.patch(path, {"status": "completed"}, by=token)
    done = await forge.patch(path, {"conclusion": "success"}, by=token)

    assert refused.status == 422
    assert (done.body["status"], done.body["conclusion"]) == ("completed", "success")
    assert done.body["completed_at"] is not None


async def test_stale_is_for_github_alone(forge: Forge) -> None:
    """16."""
    token = await forge.installation_token()
    run = await forge.check_run(token)

    answer = await forge.patch(
        f"{forge.repo}/check-runs/{run['id']}", {"conclusion": "stale"}, by=token
    )

    assert answer.status == 422


@pytest.mark.parametrize(
    "wrong",
    [
        {"actions": [BUTTON] * 4},
        {"actions": [{**BUTTON, "label": "x" * 21}]},
        {"actions": [{**BUTTON, "description": "x" * 41}]},
        {"actions": [{**BUTTON, "identifier": "x" * 21}]},
        {"output": {"title": "t", "summary": "x" * 65_536}},
        {"conclusion": "great"},
    ],
)
async def test_what_is_too_much_for_a_check_run_is_refused(
    forge: Forge, wrong: dict[str, Json]
) -> None:
    """15: 3 actions of 20, 40, 20 characters; 65,535 of summary (S)."""
    token = await forge.installation_token()
    run = await forge.check_run(token)

    answer = await forge.patch(f"{forge.repo}/check-runs/{run['id']}", wrong, by=token)

    assert answer.status == 422


async def test_a_check_run_needs_a_commit(forge: Forge) -> None:
    token = await forge.installation_token()

    answer = await forge.post(
        f"{forge.repo}/check-runs", {"name": "x", "head_sha": "0" * 40}, by=token
    )

    assert answer.status == 422
    assert answer.body["message"] == f"No commit found for SHA: {'0' * 40}"


async def test_a_pressed_button_comes_to_its_app(forge: Forge) -> None:
    """16: `requested_action`, with who pressed it."""
    token = await forge.installation_token()
    run = await forge.check_run(token, actions=[BUTTON])

    await forge.switch(
        "press", check_run=run["id"], identifier="stop", user=forge.login("maintainer")
    )

    event = (await forge.event("check_run.requested_action")).payload
    assert event["requested_action"] == {"identifier": "stop"}
    assert event["sender"]["login"] == forge.login("maintainer")
    assert event["check_run"]["id"] == run["id"]


async def test_readers_have_no_buttons(forge: Forge) -> None:
    token = await forge.installation_token()
    run = await forge.check_run(token, actions=[BUTTON])

    body = {"switch": "press", "check_run": run["id"], "identifier": "stop"}
    answer = await forge.post("/_forge/switch", {**body, "user": forge.login("reader")})

    assert answer.status == 403
    assert "check_run.requested_action" not in await forge.settled()


async def test_a_button_that_is_gone_cannot_be_pressed(forge: Forge) -> None:
    token = await forge.installation_token()
    run = await forge.check_run(token, actions=[BUTTON])
    await forge.patch(f"{forge.repo}/check-runs/{run['id']}", {"actions": []}, by=token)

    body = {"switch": "press", "check_run": run["id"], "identifier": "stop"}
    answer = await forge.post("/_forge/switch", {**body, "user": forge.login("maintainer")})

    assert answer.status == 404


async def test_a_pushed_commit_gets_a_suite(forge: Forge) -> None:
    sha = await forge.branch("feature")

    requested = await forge.event("check_suite.requested", n=2)

    suite = requested.payload["check_suite"]
    assert (suite["head_sha"], suite["head_branch"]) == (sha, "feature")
    token = await forge.installation_token()
    run = await forge.post(f"{forge.repo}/check-runs", {"name": "x", "head_sha": sha}, by=token)
    assert run.body["check_suite"]["id"] == suite["id"]


async def test_a_suite_is_complete_with_its_last_run(forge: Forge) -> None:
    token = await forge.installation_token()
    runs = [await forge.check_run(token, name=name) for name in ("a", "b")]
    for run, conclusion in zip(runs, ("success", "failure"), strict=True):
        path = f"{forge.repo}/check-runs/{run['id']}"
        await forge.patch(path, {"conclusion": conclusion}, by=token)

    completed = await forge.event("check_suite.completed")

    assert completed.payload["check_suite"]["conclusion"] == "failure"
    assert len(forge.events("check_run.completed")) == 2


async def test_a_suite_is_asked_for_again(forge: Forge) -> None:
    token = await forge.installation_token()
    run = await forge.check_run(token, conclusion="failure")
    suite = run["check_suite"]["id"]

    await forge.post(f"{forge.repo}/check-runs/{run['id']}/rerequest", by="maintainer")
    await forge.post(f"{forge.repo}/check-suites/{suite}/rerequest", by="maintainer")

    again = await forge.event("check_run.rerequested")
    assert again.payload["check_run"]["id"] == run["id"]
    assert (await forge.event("check_suite.rerequested")).payload["check_suite"]["id"] == suite


async def test_a_run_knows_the_pull_requests_of_its_commit(forge: Forge) -> None:
    pull = await forge.pull("feature")
    token = await forge.installation_token()

    run = await forge.check_run(token, head_sha=pull["head"]["sha"])

    assert [one["number"] for one in run["pull_requests"]] == [pull["number"]]


async def test_a_forks_pull_request_is_not_among_them(forge: Forge) -> None:
    """16: chronographer#54, bulldozer#563."""
    pull = await forge.pull("feature")
    known = forge.repository.issues[pull["number"]].pull
    assert known is not None
    known.head_repository = None
    token = await forge.installation_token()

    run = await forge.check_run(token, head_sha=pull["head"]["sha"])

    assert run["pull_requests"] == []


async def test_the_newest_run_of_a_name_is_listed(forge: Forge) -> None:
    token = await forge.installation_token()
    await forge.check_run(token, name="a", external_id="1")
    newest = await forge.check_run(token, name="a", external_id="2")
    path = f"{forge.repo}/commits/main/check-runs"

    latest = await forge.get(path, by=token)
    every = await forge.get(f"{path}?filter=all&check_name=a", by=token)

    assert [run["id"] for run in latest.body["check_runs"]] == [newest["id"]]
    assert every.body["total_count"] == 2


async def test_annotations_are_added_to_those_there_are(forge: Forge) -> None:
    token = await forge.installation_token()
    run = await forge.check_run(token)
    path = f"{forge.repo}/check-runs/{run['id']}"
    note = {"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "notice"}
    for text in ("one", "two"):
        output = {"title": "t", "summary": "s", "annotations": [{**note, "message": text}]}
        await forge.patch(path, {"output": output}, by=token)

    listed = await forge.get(f"{path}/annotations", by=token)

    assert [one["message"] for one in listed.body] == ["one", "two"]
