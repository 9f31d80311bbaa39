"""Read the script of a played CI, as the control gives it."""

from collections.abc import Mapping
from typing import Any

from bot.forge.records import JobScript, Json, Script

CONCLUSIONS = (
    "success",
    "failure",
    "neutral",
    "cancelled",
    "skipped",
    "timed_out",
    "action_required",
)
KINDS = ("actions", "status")


class BadScript(Exception):
    """A script that cannot be played; the text says why."""


def script_of(given: Json) -> Script | None:
    """Read `{script: [[job, …], …], kind, workflow}`; None where the script is null."""
    if given.get("script") is None:
        return None
    if not isinstance(given["script"], list) or not given["script"]:
        raise BadScript("script is a list of lists of jobs, one for each commit")
    return Script(
        kind=kind_of(given),
        workflow=str(given.get("workflow") or "CI"),
        pushes=tuple(jobs_of(jobs) for jobs in given["script"]),
    )


def jobs_of(given: Any) -> tuple[JobScript, ...]:
    if not isinstance(given, list) or not given:
        raise BadScript("runs is a list of jobs")
    return tuple(_job(one) for one in given)


def _job(given: Any) -> JobScript:
    """Read `{name, conclusion | conclusions, log | logs, annotations, seconds}`."""
    if not isinstance(given, Mapping) or not given.get("name"):
        raise BadScript("a job is an object with a name")
    outcomes = given.get("conclusions", [given.get("conclusion", "success")])
    logs = given.get("logs", [given.get("log", "")])
    if not isinstance(outcomes, list) or not isinstance(logs, list) or not (outcomes and logs):
        raise BadScript("conclusions and logs are lists with at least one entry")
    if any(outcome not in (*CONCLUSIONS, None) for outcome in outcomes):
        raise BadScript(f"a conclusion is one of {', '.join(CONCLUSIONS)}, or null")
    return JobScript(
        name=str(given["name"]),
        conclusions=tuple(outcomes),
        logs=tuple(str(log) for log in logs),
        annotations=tuple(dict(note) for note in given.get("annotations") or ()),
        seconds=float(given.get("seconds") or 0),
    )


def kind_of(given: Json) -> str:
    kind = str(given.get("kind") or "actions")
    if kind not in KINDS:
        raise BadScript(f"kind is one of {', '.join(KINDS)}")
    return kind
