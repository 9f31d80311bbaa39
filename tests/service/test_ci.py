"""The repository's own CI on an open pull request: what is real gets a round, nothing else."""

import asyncio

import pytest

from tests.service.turns import note
from tests.service.world import Json, World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

QUICK = (
    "verify: {test: 'true'}\nci: auto\nlimits: {open_pull_requests: 100, settle: 1, rounds: 1}\n"
)

OPEN = {
    "enforce_admins": None,
    "required_pull_request_reviews": None,
    "restrictions": None,
    "allow_force_pushes": True,
}
"""A protection that keeps nobody from pushing."""


@pytest.fixture(scope="module")
def rules() -> str:
    return QUICK


async def play(town: World, where: Json, name: str, conclusion: str, log: str = "") -> Json:
    """Have the forge's CI run one job on a commit."""
    job = {"name": name, "conclusion": conclusion, "log": log}
    return await town.call("POST", f"{town.control}/ci", {**where, "runs": [job]})


async def opened(town: World, *later: list[Json]) -> tuple[int, Json, str]:
    issue = await town.issue()
    town.script(issue, [note(issue)], *later)
    await town.label(issue)
    run = await town.ended(issue)
    assert run["status"] == "done", run
    pull = await town.repo("GET", f"/pulls/{run['pull_request']}")
    return issue, run, pull["head"]["sha"]


async def test_a_real_failure_gets_one_round_and_no_more_than_the_limit(town: World) -> None:
    fix = {"write": "FIX.md", "text": "fixed\n"}
    issue, run, before = await opened(town, [fix], [{**fix, "text": "again\n"}])
    where = {"pull_request": run["pull_request"]}

    await play(town, where, "unit", "failure", "E   AssertionError: 1 != 2\n")

    after = await town.head_after(run["pull_request"], before)
    files = await town.repo("GET", f"/pulls/{run['pull_request']}/files")
    assert "FIX.md" in [file["filename"] for file in files]
    await town.until(lambda rows: rows[0]["issue"] == issue and rows[0]["status"] == "done")
    await play(town, where, "unit", "failure", "E   AssertionError: 1 != 3\n")

    def blocked(rows: list[Json]) -> bool:
        return bool(rows[0]["issue"] == issue and rows[0]["status"] == "blocked")

    (row, *_) = await town.until(blocked)
    assert row["error"]["class"] == "rounds"
    assert "`unit`" in row["error"]["message"]
    pull = await town.repo("GET", f"/pulls/{run['pull_request']}")
    assert pull["head"]["sha"] == after


async def test_what_fails_on_the_base_too_is_not_ours(town: World) -> None:
    issue, run, before = await opened(town, [{"write": "FIX.md", "text": "no\n"}])
    await play(town, {"ref": "main"}, "lint", "failure")

    await play(town, {"pull_request": run["pull_request"]}, "lint", "failure")

    await town.comment_that(issue, lambda body: "CI: `lint` fails on the base too" in body)
    await asyncio.sleep(2)
    pull = await town.repo("GET", f"/pulls/{run['pull_request']}")
    assert pull["head"]["sha"] == before


async def test_ci_that_waits_for_a_person_says_so(town: World) -> None:
    issue, run, before = await opened(town)
    endless = {"state": "pending", "context": "another that has not ended"}
    await town.repo("POST", f"/statuses/{before}", endless)

    await play(town, {"pull_request": run["pull_request"]}, "deploy", "action_required")

    await town.comment_that(issue, lambda body: "CI: `deploy` waits for a person" in body)
    pull = await town.repo("GET", f"/pulls/{run['pull_request']}")
    assert pull["head"]["sha"] == before


async def test_no_test_is_changed_to_get_green_unless_somebody_says_so(town: World) -> None:
    wrong, right = "assert 1 == 2\n", "assert True\n"
    await town.write_file("tests/test_judge.py", wrong)
    cheat = [{"write": "tests/test_judge.py", "text": right}]
    issue, run, before = await opened(town, cheat)
    number = run["pull_request"]

    await play(town, {"pull_request": number}, f"unit-{number}", "failure", "E   AssertionError\n")

    def blocked(rows: list[Json]) -> bool:
        return bool(rows[0]["issue"] == issue and rows[0]["status"] == "blocked")

    (row, *_) = await town.until(blocked)
    assert row["error"]["class"] == "rules:tests"
    pull = await town.repo("GET", f"/pulls/{number}")
    assert pull["head"]["sha"] == before

    asked = await town.comment(number, "/coppice fix checks tests=allow")

    after = await town.head_after(number, before)
    await town.reacted(asked, "rocket")
    there = await town.repo("GET", f"/contents/tests/test_judge.py?ref={after}")
    assert there["size"] == len(right)


async def test_what_a_round_came_to_nothing_about_is_not_tried_again_by_itself(
    town: World,
) -> None:
    issue, run, before = await opened(town, [{"say": "It is as it should be."}])
    number = run["pull_request"]
    name = f"unit-{number}"
    await play(town, {"pull_request": number}, name, "failure", "E   AssertionError\n")

    def ended(rows: list[Json]) -> bool:
        return bool(rows[0]["issue"] == issue and rows[0]["status"] == "failed")

    (row, *_) = await town.until(ended)
    tries = len([s for s in row["stages"] if s["name"] == "implement"])

    status = {"state": "failure", "context": f"later-{number}", "description": "no space left"}
    await town.repo("POST", f"/statuses/{before}", status)

    await town.comment_that(issue, lambda body: f"`later-{number}`" in body)
    (row, *_) = await town.runs()
    assert len([s for s in row["stages"] if s["name"] == "implement"]) == tries


async def test_a_status_that_never_ends_hides_no_failure(town: World) -> None:
    issue, run, before = await opened(town, [{"write": "FIX-2.md", "text": "fixed\n"}])
    number = run["pull_request"]
    endless = {"state": "pending", "context": f"endless-{number}"}
    await town.repo("POST", f"/statuses/{before}", endless)

    await play(town, {"pull_request": number}, f"unit-{number}", "failure", "E   AssertionError\n")

    after = await town.head_after(number, before)
    last = await town.repo("GET", f"/commits/{after}")
    assert [file["filename"] for file in last["files"]] == ["FIX-2.md"]
    await town.until(lambda rows: rows[0]["issue"] == issue and rows[0]["status"] == "done")


async def test_two_workflows_that_call_a_job_alike_are_told_apart(town: World) -> None:
    issue, run, before = await opened(town, [{"write": "FIX-3.md", "text": "fixed\n"}])
    number = run["pull_request"]
    red = {"name": "build", "conclusion": "failure", "log": "E   AssertionError\n"}
    where = {"pull_request": number}
    await town.call("POST", f"{town.control}/ci", {**where, "workflow": "CI", "runs": [red]})
    green = {"name": "build", "conclusion": "success"}
    await town.call("POST", f"{town.control}/ci", {**where, "workflow": "Release", "runs": [green]})

    await town.head_after(number, before)

    files = await town.repo("GET", f"/pulls/{number}/files")
    assert "FIX-3.md" in [file["filename"] for file in files]
    await town.until(lambda rows: rows[0]["issue"] == issue and rows[0]["status"] == "done")


async def test_what_was_cut_off_says_how_and_what_to_do(town: World) -> None:
    issue, run, before = await opened(town)
    number = run["pull_request"]

    await play(town, {"pull_request": number}, f"slow-{number}", "cancelled")

    said = f"CI: `slow-{number}` did not run to its end: cancelled; run it again on its own page."
    await town.comment_that(issue, lambda body: said in body)
    pull = await town.repo("GET", f"/pulls/{number}")
    assert pull["head"]["sha"] == before


async def test_where_the_app_may_not_run_it_again_a_failure_gets_its_round(town: World) -> None:
    issue, run, before = await opened(town, [{"write": "FIX-4.md", "text": "fixed\n"}])
    number = run["pull_request"]
    endless = {"state": "pending", "context": "another that has not ended"}
    await town.repo("POST", f"/statuses/{before}", endless)
    path = f"/repos/{town.repository}/check-suites/*/rerequest"
    await town.fault(kind="error", status=403, method="POST", path=path, app=True, times=9)

    await play(town, {"pull_request": number}, f"unit-{number}", "failure", "E   AssertionError\n")

    await town.head_after(number, before)
    await town.until(lambda rows: rows[0]["issue"] == issue and rows[0]["status"] == "done")


async def test_what_timed_out_once_runs_once_more_and_needs_no_round(town: World) -> None:
    issue, run, before = await opened(town, [{"write": "FIX-5.md", "text": "no\n"}])
    number = run["pull_request"]
    job = {"name": f"slow-{number}", "conclusions": ["timed_out", "success"]}

    await town.call("POST", f"{town.control}/ci", {"pull_request": number, "runs": [job]})

    flaky = f"CI: `slow-{number}` is flaky: it passed when it ran again on the same commit."
    await town.comment_that(issue, lambda body: flaky in body)
    pull = await town.repo("GET", f"/pulls/{number}")
    assert pull["head"]["sha"] == before


async def test_what_times_out_time_after_time_gets_a_round(town: World) -> None:
    issue, run, before = await opened(town, [{"write": "FIX-6.md", "text": "fixed\n"}])
    number = run["pull_request"]

    await play(town, {"pull_request": number}, f"slow-{number}", "timed_out", "test_loop ...\n")

    await town.head_after(number, before)
    await town.until(lambda rows: rows[0]["issue"] == issue and rows[0]["status"] == "done")
    told = (town.folder / "coppice" / "runs" / run["id"] / "round.md").read_text()
    assert f'The check "slow-{number}" fails on it:\n> It timed out, twice' in told
    assert "> test_loop ..." in told


async def test_what_a_check_says_at_lines_reaches_the_agent(town: World) -> None:
    issue, run, before = await opened(town, [{"write": "FIX-7.md", "text": "fixed\n"}])
    number = run["pull_request"]
    at = {"path": "src/a.py", "start_line": 7, "end_line": 7}
    notes = [
        {**at, "annotation_level": "warning", "message": "unused name"},
        {**at, "annotation_level": "failure", "message": "expected 2, got 1"},
    ]
    job = {"name": "unit", "conclusion": "failure", "log": "exit 1\n", "annotations": notes}

    await town.call("POST", f"{town.control}/ci", {"pull_request": number, "runs": [job]})

    await town.head_after(number, before)
    await town.until(lambda rows: rows[0]["issue"] == issue and rows[0]["status"] == "done")
    told = (town.folder / "coppice" / "runs" / run["id"] / "round.md").read_text()
    lines = "> src/a.py:7: expected 2, got 1\n> src/a.py:7: unused name\n"
    assert f'The check "unit" fails on it:\n{lines}' in told


async def test_a_required_check_that_never_starts_is_told(town: World) -> None:
    await town.person("marta", "admin")
    path = "/branches/main/protection"
    needed = {"strict": False, "contexts": ["unit", "never"]}
    await town.repo("PUT", path, {**OPEN, "required_status_checks": needed})
    try:
        issue, run, before = await opened(town)
        number = run["pull_request"]
        await play(town, {"pull_request": number}, "unit", "success")

        said = "CI: `never` is required for a merge and has not begun"
        found = await town.comment_that(issue, lambda body: said in body)
        assert "`unit`" not in found["body"]

        await town.repo("POST", f"/statuses/{before}", {"state": "success", "context": "never"})

        await town.comment_that(issue, lambda body: "**Done: " in body and said not in body)
    finally:
        await town.repo("DELETE", path)


@pytest.mark.parametrize("permission", ["actions", "statuses"])
async def test_ci_that_the_app_may_not_read_in_full_ends_no_run(
    town: World, permission: str
) -> None:
    fix = {"write": "FIX.md", "text": f"{permission}\n"}
    _, run, before = await opened(town, [fix])
    await town.switch("permissions", permissions={permission: None})

    await play(town, {"pull_request": run["pull_request"]}, "unit", "failure", "E   1 != 2\n")

    assert await town.head_after(run["pull_request"], before)
    await town.switch("permissions", permissions={permission: "read"})
