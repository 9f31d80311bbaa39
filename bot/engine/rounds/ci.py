"""What the repository's own CI says of a commit: real, flaky, infrastructure, or for a person.

Pure: what GitHub said comes in, a verdict goes out.
"""

import re
from collections.abc import Collection, Sequence
from enum import StrEnum

from bot.github.ci import Check, Key
from bot.runs import Kept, Record

LOG_LINES = 80
LOG_CHARACTERS = 12_000
_ERROR = re.compile(r"error|fail|exception|traceback|assert|panic|fatal", re.IGNORECASE)
_TIMESTAMP = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z ", re.MULTILINE)
_INFRASTRUCTURE = re.compile(
    r"no space left|could not resolve host|connection (?:reset|refused|timed out)"
    r"|the (?:\w+ )?runner (?:has|lost)|lost communication|rate limit|service unavailable"
    r"|\b50[234] (?:bad|error|gateway|proxy|server|service)\b"
    r"|(?:http(?:/[\d.]+)?|status|code|error)[\s:=]{1,3}50[234]\b|toomanyrequests|cancell?ed by",
    re.IGNORECASE,
)
_OF_THE_WORK = re.compile(r"assert|traceback|panic|\bFAILED\b|exception", re.IGNORECASE)
TIMED_OUT = "timed_out"
_CUT_OFF = ("cancelled", "timed_out", "stale", "startup_failure", "error")
_SUPERSEDED = ("cancelled", "stale", "skipped")


class Verdict(StrEnum):
    PENDING = "pending"
    PASSED = "passed"
    REAL = "real"
    FLAKY = "flaky"  # passes again on the same commit
    BASE = "base"  # fails on the base too
    INFRASTRUCTURE = "infrastructure"
    PERSON = "person"  # somebody has to act (an approval of the workflow, a secret)


class Failing(Kept):
    """A check that fails because of the work."""

    name: str
    log: str
    """The part of its log that says why."""
    url: str | None = None


class Judged(Record):
    """One check of a commit: its newest try, under the name that people know it by."""

    check: Check
    verdict: Verdict
    tries: int
    """How often it ran on this commit."""

    @property
    def worth_a_rerun(self) -> bool:
        """May it end otherwise on the same commit? What a person cut off stays as they left it."""
        cut_off = self.check.conclusion in _CUT_OFF and self.check.conclusion != TIMED_OUT
        infrastructure = self.verdict is Verdict.INFRASTRUCTURE and not cut_off
        return self.verdict is Verdict.REAL or infrastructure


def judge(checks: Sequence[Check], on_base: Collection[Key]) -> list[Judged]:
    """Judge every check; ``checks`` are all runs on the commit, oldest first.

    Two of one name are one check only where they are of one suite: two workflows may call a job
    alike, and two Apps a check. ``on_base`` are those that fail on the base as well.
    """
    tries: dict[tuple[Key, int | None], list[Check]] = {}
    for check in checks:
        tries.setdefault((check.key, check.suite), []).append(check)
    newest = dict(sorted(tries, key=lambda each: each[1] or 0))
    apps: dict[str, set[str | None]] = {}
    for check in checks:
        apps.setdefault(check.name, set()).add(check.app)
    return [
        Judged(
            check=_named(group[-1], apps[group[-1].name]),
            verdict=_verdict(group, key in on_base),
            tries=len(group),
        )
        for (key, suite), group in tries.items()
        if suite == newest[key] or group[-1].conclusion not in _SUPERSEDED
    ]


def _named(check: Check, apps: Collection[str | None]) -> Check:
    """Where two Apps use one name, each is told with its App."""
    name = f"{check.name} ({check.app or 'status'})" if len(apps) > 1 else check.name
    return check.model_copy(update={"name": name})


def _verdict(tries: Sequence[Check], fails_on_base: bool) -> Verdict:  # noqa: FBT001
    last = tries[-1]
    if not last.completed:
        return Verdict.PENDING
    if last.passed:
        return Verdict.FLAKY if any(each.failed for each in tries[:-1]) else Verdict.PASSED
    if last.conclusion == "action_required":
        return Verdict.PERSON
    if fails_on_base:
        return Verdict.BASE
    if len(tries) > 1 and {each.conclusion for each in tries} == {TIMED_OUT}:
        return Verdict.REAL  # the work hangs: on the base it does not
    if last.conclusion in _CUT_OFF:
        return Verdict.INFRASTRUCTURE
    if _INFRASTRUCTURE.search(last.text) and not _OF_THE_WORK.search(_told(last.text)):
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
