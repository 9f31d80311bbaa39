"""A played CI: workflow runs, jobs, logs, suites and statuses, told of and read as GitHub's."""

import asyncio

import aiohttp
import pytest

from tests.forge.running import Forge, Json

RED = {
    "name": "test",
    "conclusions": ["failure", "success"],
    "logs": ["1 failed\n", "all passed\n"],
    "annotations": [
        {
            "path": "feature.txt",
            "start_line": 1,
            "end_line": 1,
            "annotation_level": "failure",
            "message": "assert 1 == 2",
        }
    ],
}
GREEN = {"name": "lint"}


async def text(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


async def test_a_workflow_run_is_told_of_from_beginning_to_end(forge: Forge) -> None:
    pull = await forge.pull("feature")

    done = await forge.play_ci(pull_request=pull["number"], runs=[RED, GREEN])

    names = await forge.settled()
    wanted = [
        "workflow_run.requested",
        "check_run.created",
        "check_run.created",
        "workflow_run.in_progress",
        "check_run.completed",
        "check_run.completed",
        "check_suite.completed",
        "workflow_run.completed",
    ]
    assert [n for n in names if n in wanted and n != "check_suite.requested"] == wanted
    completed = await forge.event("workflow_run.completed")
    run = completed.payload["workflow_run"]
    assert (run["id"], run["conclusion"], run["event"]) == (
        done["workflow_run"],
        "failure",
        "pull_request",
    )
    assert [p["number"] for p in run["pull_requests"]] == [pull["number"]]
    suite = await forge.event("check_suite.completed")
    assert suite.payload["check_suite"]["id"] == run["check_suite_id"]
    assert suite.payload["check_suite"]["app"]["slug"] == "github-actions"


async def test_a_log_is_behind_a_redirect_for_a_minute(forge: Forge) -> None:
    await forge.pull("feature")
    done = await forge.play_ci(ref="feature", runs=[RED])
    token = await forge.installation_token()
    path = f"{forge.repo}/actions/jobs/{done['jobs'][0]['id']}/logs"

    answer = await forge.get(path, by=token)
    status, log = await text(answer.headers["Location"])
    await forge.advance(61)
    late, _ = await text(answer.headers["Location"])

    assert (answer.status, status, late) == (302, 200, 404)
    first, *lines = log.splitlines()
    assert first.startswith("\ufeff20")
    assert [line.partition("Z ")[2] for line in lines] == [
        "##[endgroup]",
        "1 failed",
        "##[error]Process completed with exit code 1.",
    ]


async def test_runs_jobs_and_annotations_are_read(forge: Forge) -> None:
    pull = await forge.pull("feature")
    done = await forge.play_ci(sha=pull["head"]["sha"], runs=[RED, GREEN], workflow="Tests")
    runs = f"{forge.repo}/actions/runs"

    listed = await forge.get(f"{runs}?head_sha={pull['head']['sha']}&status=failure")
    jobs = await forge.get(f"{runs}/{done['workflow_run']}/jobs")
    job = next(j for j in jobs.body["jobs"] if j["name"] == "test")
    notes = await forge.get(f"{forge.repo}/check-runs/{job['id']}/annotations")

    assert listed.body["workflow_runs"][0]["name"] == "Tests"
    assert (job["conclusion"], job["check_run_url"].rsplit("/", 1)[1]) == (
        "failure",
        str(job["id"]),
    )
    assert [note["message"] for note in notes.body] == [
        "assert 1 == 2",
        "Process completed with exit code 1.",
    ]


@pytest.mark.parametrize("which", ["rerun-failed-jobs", "rerun", "job"])
async def test_a_flaky_job_passes_when_it_is_run_again(forge: Forge, which: str) -> None:
    pull = await forge.pull("feature")
    done = await forge.play_ci(pull_request=pull["number"], runs=[RED, GREEN])
    run = f"{forge.repo}/actions/runs/{done['workflow_run']}"
    job = f"{forge.repo}/actions/jobs/{done['jobs'][0]['id']}/rerun"

    answer = await forge.post(job if which == "job" else f"{run}/{which}", by="maintainer")

    assert answer.status == 201
    completed = await forge.event("workflow_run.completed", n=2)
    shape = completed.payload["workflow_run"]
    assert (shape["conclusion"], shape["run_attempt"]) == ("success", 2)
    jobs = (await forge.get(f"{run}/jobs")).body["jobs"]
    again = {job["name"]: job["run_attempt"] for job in jobs}
    assert again == {"test": 2, "lint": 2 if which == "rerun" else 1}
    assert len((await forge.get(f"{run}/jobs?filter=all")).body["jobs"]) == 2 + sum(
        attempt == 2 for attempt in again.values()
    )
    await forge.event("check_suite.completed", n=2)


async def test_only_a_finished_run_with_failures_is_run_again(forge: Forge) -> None:
    pull = await forge.pull("feature")
    hanging = await forge.play_ci(
        pull_request=pull["number"], runs=[{"name": "test", "conclusion": None}]
    )
    run = f"{forge.repo}/actions/runs/{hanging['workflow_run']}"

    early = await forge.post(f"{run}/rerun", by="maintainer")
    log = await forge.get(f"{forge.repo}/actions/jobs/{hanging['jobs'][0]['id']}/logs")
    ended = await forge.play_ci(workflow_run=hanging["workflow_run"], runs=[{"name": "test"}])
    green = await forge.post(f"{run}/rerun-failed-jobs", by="maintainer")

    assert (hanging["status"], ended["conclusion"]) == ("in_progress", "success")
    assert (early.status, log.status, green.status) == (403, 404, 403)


async def test_an_app_reads_logs_and_runs_jobs_again_only_if_it_may(forge: Forge) -> None:
    await forge.pull("feature")
    done = await forge.play_ci(ref="feature", runs=[RED])
    run = f"{forge.repo}/actions/runs/{done['workflow_run']}"
    reads = await forge.installation_token()
    blind = await forge.installation_token(permissions={"checks": "read"})

    answers = [
        await forge.get(run, by=reads),
        await forge.get(run, by=blind),
        await forge.post(f"{run}/rerun", by=reads),
        await forge.post(f"{run}/rerun", by="reader"),
    ]

    assert [answer.status for answer in answers] == [200, 403, 403, 403]


async def test_an_app_without_actions_gets_no_workflow_events(forge: Forge) -> None:
    await forge.switch("permissions", permissions={"actions": None})
    await forge.pull("feature")

    await forge.play_ci(ref="feature", runs=[GREEN])

    names = await forge.settled()
    assert "check_run.completed" in names
    assert not [name for name in names if name.startswith("workflow_run")]


async def test_statuses_come_as_pending_and_then_end(forge: Forge) -> None:
    pull = await forge.pull("feature")

    done = await forge.play_ci(ref="feature", kind="status", runs=[{**RED, "name": "ci/test"}])

    events = await _statuses(forge, 2)
    assert [event["state"] for event in events] == ["pending", "failure"]
    assert events[1]["branches"][0]["name"] == "feature"
    assert (await text(events[1]["target_url"]))[1] == "1 failed\n"
    combined = await forge.get(f"{forge.repo}/commits/{pull['head']['sha']}/status")
    assert (combined.body["state"], done["statuses"][0]["state"]) == ("failure", "failure")


async def _statuses(forge: Forge, many: int) -> list[Json]:
    return [(await forge.event("status", n=n + 1)).payload for n in range(many)]


@pytest.mark.parametrize("words", ["[skip ci]", "[ci skip]", "x\n\nskip-checks: true"])
async def test_a_commit_may_ask_for_no_ci(forge: Forge, words: str) -> None:
    await forge.branch("feature")
    body = {"message": f"Note {words}", "content": "eA==", "branch": "feature"}
    await forge.put(f"{forge.repo}/contents/y.txt", body, by="maintainer")

    done = await forge.play_ci(ref="feature", runs=[GREEN])

    assert done["skipped"] is True
    assert (await forge.get(f"{forge.repo}/actions/runs")).body["total_count"] == 0


async def test_ci_plays_by_itself_at_each_commit_of_a_pull_request(forge: Forge) -> None:
    fails = {"name": "test", "conclusion": "failure", "log": "boom"}
    await forge.switch("ci", script=[[fails], [GREEN]])
    pull = await forge.pull("feature")

    first = await forge.event("workflow_run.completed")
    await forge.commit("feature", "more.txt", "x")
    second = await forge.event("workflow_run.completed", n=2)
    await forge.commit("main", "other.txt", "x")
    await forge.switch("ci", script=None)
    await forge.commit("feature", "last.txt", "x")

    runs = [one.payload["workflow_run"] for one in (first, second)]
    assert [run["conclusion"] for run in runs] == ["failure", "success"]
    assert runs[0]["head_sha"] == pull["head"]["sha"]
    await asyncio.sleep(0.05)
    assert (await forge.get(f"{forge.repo}/actions/runs")).body["total_count"] == 2


async def test_a_job_takes_its_time_in_the_background(forge: Forge) -> None:
    await forge.switch("ci", script=[[{"name": "slow", "seconds": 1.5}]])
    pull = await forge.pull("feature")
    await forge.event("workflow_run.in_progress")

    path = f"{forge.repo}/pulls/{pull['number']}"
    await forge.get(path)
    during = (await forge.get(path)).body["mergeable_state"]
    await forge.event("workflow_run.completed")

    assert (during, (await forge.get(path)).body["mergeable_state"]) == ("unstable", "clean")


@pytest.mark.parametrize(
    "given",
    [
        {"ref": "main"},
        {"ref": "main", "runs": []},
        {"ref": "main", "runs": [{"name": "x", "conclusion": "green"}]},
        {"ref": "nowhere", "runs": [GREEN]},
        {"ref": "main", "kind": "jenkins", "runs": [GREEN]},
        {"repository": "acme/nothing", "ref": "main", "runs": [GREEN]},
        {"workflow_run": 7, "runs": [GREEN]},
    ],
)
async def test_a_script_that_cannot_be_played_is_400(forge: Forge, given: Json) -> None:
    assert (await forge.post("/_forge/ci", given)).status == 400


async def test_a_repository_that_is_deleted_takes_its_ci_along(forge: Forge) -> None:
    await forge.switch("ci", script=[[{"name": "slow", "seconds": 1.5}]])
    await forge.pull("feature")
    await forge.event("workflow_run.in_progress")

    await forge.switch("delete")

    await asyncio.sleep(1.8)
    assert "workflow_run.completed" not in await forge.settled()
