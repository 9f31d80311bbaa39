"""Small builders of runs and results for tests of texts and effects."""

from typing import Any

from bot.runs import CommandResult, Person, Publish, RepositoryRef, Run, Trigger

REPOSITORY = RepositoryRef(id=1, full_name="octo/shop", installation_id=9)
TRIGGER = Trigger(
    delivery="d-1",
    by=Person(id=5, login="ana"),
    title="parse fails on empty input",
    body="",
    at="2026-01-02T14:02:00Z",
)


def run(**changes: Any) -> Run:
    facts: dict[str, Any] = {
        "id": "4f9a1c0d2e3f",
        "repository": REPOSITORY,
        "issue": 7,
        "pipeline": "fix",
        "agent": "scripted",
        "publish": Publish.PR,
        "trigger": TRIGGER,
        "created_at": 1767362640.0,
        "updated_at": 1767363180.0,
    }
    return Run(**{**facts, **changes})


def result(name: str = "pytest", *, code: int | None = 0, **changes: Any) -> CommandResult:
    facts: dict[str, Any] = {
        "name": name,
        "command": name,
        "exit_code": code,
        "seconds": 1.5,
        "output": "",
    }
    return CommandResult(**{**facts, **changes})
