"""The words for where a run and its stages stand; GitHub, database and JSON show the same."""

from enum import StrEnum


class RunStatus(StrEnum):
    """Where a run stands (``runs.md``, Status)."""

    QUEUED = "queued"  # accepted, waits for a slot
    PLANNING = "planning"  # snapshot, baseline, plan
    WAITING = "waiting"  # a person has to act
    RUNNING = "running"  # the agent works
    VERIFYING = "verifying"  # commands or rules judge the work
    DONE = "done"  # what `publish` asks for is there
    FAILED = "failed"  # the commands judged against it
    BLOCKED = "blocked"  # a rule or a person is in the way
    CANCELLED = "cancelled"  # somebody stopped it, or its object is gone

    @property
    def ended(self) -> bool:
        return self in ENDED


ENDED = frozenset({RunStatus.DONE, RunStatus.FAILED, RunStatus.BLOCKED, RunStatus.CANCELLED})
LIVING = frozenset(RunStatus) - ENDED


class StageStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    NEUTRAL = "neutral"  # nothing was configured: never shown as passed
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class StageKind(StrEnum):
    """What a stage of a pipeline does; ``bot/pipeline/stages`` has a module for each."""

    SNAPSHOT = "snapshot"
    PLAN = "plan"
    IMPLEMENT = "implement"
    VERIFY = "verify"
    REVIEW = "review"
    RULES = "rules"
    PUBLISH = "publish"


class Publish(StrEnum):
    """How far a run goes (``runs.md``, Publishing)."""

    COMMENT = "comment"
    PATCH = "patch"
    BRANCH = "branch"
    PR = "pr"


class Permission(StrEnum):
    """A person's access, by the names of ``/collaborators/{login}/permission``."""

    NONE = "none"
    READ = "read"
    TRIAGE = "triage"
    WRITE = "write"
    MAINTAIN = "maintain"
    ADMIN = "admin"

    @property
    def may_write(self) -> bool:
        return self in (Permission.WRITE, Permission.MAINTAIN, Permission.ADMIN)


OVER = frozenset({"closed", "branch_deleted", "branch_gone", "pull_request_closed"})
"""``error.class`` of the ends after which there is nothing to go on with (``runs.md``, Again)."""
