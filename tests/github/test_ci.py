"""What the repository's own CI says, as GitHub gives it: checks, statuses, notes, logs."""

from typing import Any

import pytest

from bot.github import ci
from bot.github.app import App
from bot.github.ci import ACTIONS, LOG_BYTES, Check
from bot.github.client import Client
from bot.github.tokens import CI
from bot.runs import RepositoryRef
from tests.github.edge import TOKENS, Edge

REF = RepositoryRef(id=1, full_name="o/r", installation_id=9)
ROOT = "/repos/o/r/commits/abc"
JOB = Check(name="unit", id=7, app=ACTIONS, completed=True, conclusion="failure", text="own words")
LOG = "GET /repos/o/r/actions/jobs/7/logs"


@pytest.fixture
async def client(app: App) -> Client:
    return await app.client(9, 1)


def run(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "name": "unit",
        "status": "completed",
        "conclusion": "success",
        "app": {"id": 3, "slug": ACTIONS},
        "check_suite": {"id": 5},
        "output": {"title": None, "summary": None, "text": None, "annotations_count": 0},
        **more,
    }


def says(edge: Edge, *runs: Any, statuses: Any = (), workflows: Any = ()) -> None:
    edge.will(f"GET {ROOT}/check-runs", 200, {"total_count": 1, "check_runs": list(runs)})
    edge.will(f"GET {ROOT}/status", 200, {"state": "pending", "statuses": list(statuses)})
    listed = {"total_count": 1, "workflow_runs": list(workflows)}
    edge.will("GET /repos/o/r/actions/runs", 200, listed)


async def checks(client: Client) -> list[Check]:
    return await ci.checks(client, REF, "abc", ours=1)


async def test_all_pages_of_statuses_are_read(edge: Edge, client: Client) -> None:
    first = {"context": "a", "state": "success"}
    more = {"context": "b", "state": "pending"}
    says(edge)
    edge.answers[f"GET {ROOT}/status"].clear()
    next_page = f'<{edge.url}{ROOT}/status?page=2>; rel="next"'
    edge.will(f"GET {ROOT}/status", 200, {"statuses": [first]}, link=next_page)
    edge.will(f"GET {ROOT}/status", 200, {"statuses": [more]})

    assert [(c.name, c.completed) for c in await checks(client)] == [("a", True), ("b", False)]


@pytest.mark.parametrize("conclusion", ["action_required", "startup_failure"])
async def test_a_workflow_that_has_no_job_yet_is_a_check_too(
    edge: Edge, client: Client, conclusion: str
) -> None:
    waits = {"name": "CI", "status": "completed", "conclusion": conclusion, "check_suite_id": 6}
    says(edge, run(1), workflows=[waits, {**waits, "check_suite_id": 5, "name": "has jobs"}])

    found = await checks(client)

    assert [(c.name, c.suite, c.conclusion) for c in found] == [
        ("unit", 5, "success"),
        ("CI", 6, conclusion),
    ]


async def test_a_job_that_waits_for_an_approval_waits_for_a_person(
    edge: Edge, client: Client
) -> None:
    says(edge, run(1, status="waiting", conclusion=None))

    (found,) = await checks(client)

    assert (found.completed, found.conclusion) == (True, "action_required")


async def test_where_there_are_no_workflows_checks_are_all(edge: Edge, client: Client) -> None:
    says(edge, run(1))
    edge.answers["GET /repos/o/r/actions/runs"].clear()
    edge.will("GET /repos/o/r/actions/runs", 403, {"message": "Resource not accessible"})

    assert [check.name for check in await checks(client)] == ["unit"]


async def test_what_a_check_says_at_lines_is_read_failures_first(
    edge: Edge, client: Client
) -> None:
    notes = [
        {"path": "a.py", "start_line": 1, "annotation_level": "warning", "message": "old style"},
        {"path": "b.py", "start_line": 7, "annotation_level": "failure", "message": "1 != 2\n"},
        {
            "path": ".github",
            "start_line": 1,
            "annotation_level": "failure",
            "message": "Process completed with exit code 1.",
        },
    ]
    edge.will("GET /repos/o/r/check-runs/7/annotations", 200, notes)

    found = await ci.notes(client, REF, JOB.model_copy(update={"notes": 3}))

    assert found == ["b.py:7: 1 != 2", "a.py:1: old style"]


@pytest.mark.parametrize("status", [404, 410])
async def test_of_a_log_that_is_gone_the_checks_own_words_remain(
    edge: Edge, client: Client, status: int
) -> None:
    edge.will(LOG, status, {"message": "Gone"})

    assert await ci.log(client, REF, JOB) == "own words"


async def test_of_a_log_whose_place_answers_gone_the_checks_own_words_remain(
    edge: Edge, client: Client
) -> None:
    edge.will(LOG, 302, location=f"{edge.url}/elsewhere")
    edge.will("GET /elsewhere", 410, {})

    assert await ci.log(client, REF, JOB) == "own words"


async def test_of_a_long_log_only_the_end_is_kept(edge: Edge, client: Client) -> None:
    edge.will(LOG, 302, location=f"{edge.url}/log")
    edge.will("GET /log", 200, b"x" * (24 << 20) + b"E   AssertionError")

    said = await ci.log(client, REF, JOB)

    assert said.endswith("xE   AssertionError")
    assert len(said) == LOG_BYTES


async def test_what_protection_and_rulesets_require_is_read_together(
    edge: Edge, client: Client
) -> None:
    protection = {"enabled": True, "required_status_checks": {"contexts": ["unit"], "checks": []}}
    edge.will("GET /repos/o/r/branches/release/1", 200, {"protection": protection})
    parameters = {"required_status_checks": [{"context": "lint"}, {"context": "unit"}]}
    rules = [{"type": "deletion"}, {"type": "required_status_checks", "parameters": parameters}]
    edge.will("GET /repos/o/r/rules/branches/release/1", 200, rules)

    assert await ci.required(client, REF, "release/1") == {"unit", "lint"}


async def test_where_nobody_may_say_what_is_required_nothing_is(edge: Edge, client: Client) -> None:
    edge.will("GET /repos/o/r/branches/main", 403, {"message": "Resource not accessible"})

    assert await ci.required(client, REF, "main") == set()


@pytest.mark.parametrize(("path", "name"), [("check-runs", "checks"), ("status", "statuses")])
async def test_what_the_app_may_not_read_waits_for_a_person(
    edge: Edge, client: Client, path: str, name: str
) -> None:
    says(edge, run(1), statuses=[{"context": "a", "state": "success"}])
    edge.answers[f"GET {ROOT}/{path}"].clear()
    refusal = {"message": "Resource not accessible by integration"}
    edge.will(f"GET {ROOT}/{path}", 403, refusal)

    found = {check.name: check.conclusion for check in await checks(client)}

    assert found[f"the App's permission for {name}"] == "action_required"
    assert len(found) == 2


async def test_what_is_granted_of_the_ci_is_read(edge: Edge, app: App) -> None:
    client = await app.client(9, 1, CI)
    refusal = {"message": "The permissions requested are not granted to this installation."}
    edge.will(f"POST {TOKENS}", 422, refusal)
    edge.will(f"POST {TOKENS}", 201, {"token": "part"})
    edge.will("GET /app/installations/9", 200, {"permissions": {"checks": "write"}})
    says(edge, run(1))

    assert [check.name for check in await checks(client)] == ["unit"]
    assert '"checks": "read"' in edge.calls(f"POST {TOKENS}")[1].body
