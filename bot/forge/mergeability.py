"""Whether a pull request can be merged: worked out by git after the first look, as GitHub does."""

from bot.forge.git import ObjectMissing, mergeable
from bot.forge.records import CheckRun, PullRequest, Status

PASSING = ("success", "neutral", "skipped")


async def compute(pull: PullRequest) -> None:
    """Work out `mergeable` after a look at it: that one saw null, the next one sees it."""
    ends = (pull.base_sha, pull.head_sha)
    if pull.unknown_reads:
        pull.unknown_reads -= 1
    if pull.mergeable_of == ends:
        return
    try:
        pull.mergeable = await mergeable(pull.issue.repository.path, *ends)
    except ObjectMissing:
        pull.mergeable = None
    pull.mergeable_of = ends


def forget(pull: PullRequest) -> None:
    """What was worked out for other ends does not count."""
    if pull.mergeable_of != (pull.base_sha, pull.head_sha):
        pull.mergeable = None


def known(pull: PullRequest) -> bool | None:
    return None if pull.unknown_reads or pull.merged else pull.mergeable


def state_of(pull: PullRequest) -> str:
    """`mergeable_state`: `unknown`, `dirty`, `draft`, `unstable` (a check fails) or `clean`."""
    can = known(pull)
    if can is None:
        return "unknown"
    if not can:
        return "dirty"
    if pull.draft:
        return "draft"
    return "clean" if _passes(pull) else "unstable"


def _passes(pull: PullRequest) -> bool:
    repository = pull.issue.repository
    runs: dict[tuple[int, str], CheckRun] = {
        (run.suite.app.id, run.name): run
        for suite in repository.suites.values()
        if suite.head_sha == pull.head_sha
        for run in suite.runs
    }
    statuses: dict[str, Status] = {
        status.context: status for status in repository.statuses if status.sha == pull.head_sha
    }
    return all(run.conclusion in PASSING for run in runs.values()) and all(
        status.state == "success" for status in statuses.values()
    )
