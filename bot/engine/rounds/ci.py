"""What the repository's own CI says of a commit: real, flaky, infrastructure, or for a person.

Pure: what GitHub said comes in, a verdict goes out.
"""

import re
from collections.abc import Collection, Sequence
from enum import StrEnum

from bot.github.ci import Check
from bot.runs import Record

LOG_LINES = 80
LOG_CHARACTERS = 12_000
_ERROR = re.compile(r"error|fail|exception|traceback|assert|panic|fatal", re.IGNORECASE)
_TIMESTAMP = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z ", re.MULTILINE)
_INFRASTRUCTURE = re.compile(
    r"no space left|could not resolve host|connection (reset|refused|timed out)|the runner has"
    r"|lost communication|rate limit|service unavailable|50[234] |toomanyrequests|cancell?ed by",
    re.IGNORECASE,
)


class Verdict(StrEnum):
    PENDING = "pending"
    PASSED = "passed"
    REAL = "real"
    FLAKY = "flaky"  # passes again on the same commit, or fails on the base too
    INFRASTRUCTURE = "infrastructure"
    PERSON = "person"  # somebody has to act (an approval of the workflow, a secret)


class Failing(Record):
    """A check that fails because of the work."""

    name: str
    log: str
    """The part of its log that says why."""
    url: str | None = None


def verdicts(checks: Sequence[Check], on_base: Collection[str]) -> dict[str, Verdict]:
    """Judge each check by name; ``checks`` are all runs on the commit, oldest first.

    ``on_base`` are the names of those that fail on the base as well.
    """
    by_name: dict[str, list[Check]] = {}
    for check in checks:
        by_name.setdefault(check.name, []).append(check)
    return {name: _verdict(tries, name in on_base) for name, tries in by_name.items()}


def _verdict(tries: Sequence[Check], fails_on_base: bool) -> Verdict:  # noqa: FBT001
    last = tries[-1]
    if not last.completed:
        return Verdict.PENDING
    if last.passed:
        return Verdict.FLAKY if any(each.failed for each in tries[:-1]) else Verdict.PASSED
    if last.conclusion == "action_required":
        return Verdict.PERSON
    if fails_on_base:
        return Verdict.FLAKY
    if last.conclusion in ("cancelled", "timed_out", "stale", "startup_failure", "error"):
        return Verdict.INFRASTRUCTURE
    if last.text and _INFRASTRUCTURE.search(last.text) and not _ERROR.search(_told(last.text)):
        return Verdict.INFRASTRUCTURE
    return Verdict.REAL


def excerpt(log: str) -> str:
    """The relevant part of a log: around its last error, else its end."""
    lines = _told(log).splitlines()
    hits = [n for n, line in enumerate(lines) if _ERROR.search(line)]
    end = min(len(lines), hits[-1] + LOG_LINES // 4) if hits else len(lines)
    kept = "\n".join(lines[max(0, end - LOG_LINES) : end])
    return kept[-LOG_CHARACTERS:]


def _told(log: str) -> str:
    return _TIMESTAMP.sub("", log)
