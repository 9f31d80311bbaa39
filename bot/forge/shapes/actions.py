"""Workflow runs and jobs of GitHub Actions."""

from bot.forge.git import Commit
from bot.forge.records import Job, Json, Repository, Workflow, WorkflowRun
from bot.forge.shapes import checks, people, pulls, repositories
from bot.forge.state import State, node_id


def url(state: State, it: WorkflowRun) -> str:
    return f"{repositories.url(state, it.repository)}/actions/runs/{it.id}"


def page(state: State, it: WorkflowRun) -> str:
    return f"{repositories.page(state, it.repository)}/actions/runs/{it.id}"


def job_page(state: State, it: Job) -> str:
    return f"{page(state, it.run)}/job/{it.id}"


def workflow(state: State, repository: Repository, it: Workflow) -> Json:
    html = repositories.page(state, repository)
    return {
        "id": it.id,
        "node_id": node_id("Workflow", it.id),
        "name": it.name,
        "path": it.path,
        "state": "active",
        "created_at": it.created_at,
        "updated_at": it.created_at,
        "url": f"{repositories.url(state, repository)}/actions/workflows/{it.id}",
        "html_url": f"{html}/blob/{repository.default_branch}/{it.path}",
        "badge_url": f"{html}/workflows/{it.name}/badge.svg",
    }


def run(state: State, it: WorkflowRun, commit: Commit) -> Json:
    actor = people.user(state, it.actor)
    where = repositories.repository(state, it.repository)
    heads = [p for p in it.repository.pulls if p.head_sha == it.head_sha and p.head_repository]
    source = heads[0].head_repository if heads else None
    return {
        "id": it.id,
        "name": it.workflow.name,
        "node_id": node_id("WorkflowRun", it.id),
        "head_branch": it.suite.head_branch,
        "head_sha": it.head_sha,
        "path": it.workflow.path,
        "display_title": it.title,
        "run_number": it.number,
        "event": it.event,
        "status": it.status,
        "conclusion": it.conclusion,
        "workflow_id": it.workflow.id,
        "check_suite_id": it.suite.id,
        "check_suite_node_id": node_id("CheckSuite", it.suite.id),
        **_addresses(state, it),
        "html_url": page(state, it),
        "pull_requests": [pulls.minimal(state, p) for p in checks.pull_requests(it.suite)],
        "created_at": it.created_at,
        "updated_at": it.updated_at,
        "actor": actor,
        "run_attempt": it.attempt,
        "referenced_workflows": [],
        "run_started_at": it.started_at,
        "triggering_actor": actor,
        "head_commit": checks.simple_commit(commit),
        "repository": where,
        "head_repository": repositories.repository(state, source) if source else where,
    }


def _addresses(state: State, it: WorkflowRun) -> Json:
    own, repository = url(state, it), repositories.url(state, it.repository)
    return {
        "url": own,
        "jobs_url": f"{own}/jobs",
        "logs_url": f"{own}/logs",
        "check_suite_url": f"{repository}/check-suites/{it.suite.id}",
        "artifacts_url": f"{own}/artifacts",
        "cancel_url": f"{own}/cancel",
        "rerun_url": f"{own}/rerun",
        "previous_attempt_url": f"{own}/attempts/{it.attempt - 1}" if it.attempt > 1 else None,
        "workflow_url": f"{repository}/actions/workflows/{it.workflow.id}",
    }


def job(state: State, it: Job) -> Json:
    repository, check = repositories.url(state, it.run.repository), it.check
    step = {
        "name": f"Run {check.name}",
        "status": check.status,
        "conclusion": check.conclusion,
        "number": 1,
        "started_at": check.started_at,
        "completed_at": check.completed_at,
    }
    return {
        "id": it.id,
        "run_id": it.run.id,
        "workflow_name": it.run.workflow.name,
        "head_branch": it.run.suite.head_branch,
        "run_url": url(state, it.run),
        "run_attempt": it.attempt,
        "node_id": node_id("CheckRun", it.id),
        "head_sha": it.run.head_sha,
        "url": f"{repository}/actions/jobs/{it.id}",
        "html_url": job_page(state, it),
        "status": check.status,
        "conclusion": check.conclusion,
        "created_at": check.started_at,
        "started_at": check.started_at,
        "completed_at": check.completed_at,
        "name": check.name,
        "steps": [step],
        "check_run_url": f"{repository}/check-runs/{it.id}",
        "labels": ["ubuntu-latest"],
        "runner_id": 1,
        "runner_name": "GitHub Actions 1",
        "runner_group_id": 1,
        "runner_group_name": "GitHub Actions",
    }
