"""The three labels that mirror where a run stands; none of them starts anything."""

from bot.runs import RunStatus

WORKING = "coppice:working"
NEEDS_YOU = "coppice:needs-you"
FAILED = "coppice:failed"

MIRRORS = {
    WORKING: ("1d76db", "Coppice is at work on this"),
    NEEDS_YOU: ("fbca04", "Coppice waits for a person"),
    FAILED: ("b60205", "Coppice could not do this"),
}
"""Colour and description of each."""

OF_STATUS = {
    RunStatus.QUEUED: WORKING,
    RunStatus.PLANNING: WORKING,
    RunStatus.RUNNING: WORKING,
    RunStatus.VERIFYING: WORKING,
    RunStatus.WAITING: NEEDS_YOU,
    RunStatus.BLOCKED: NEEDS_YOU,
    RunStatus.FAILED: FAILED,
}
