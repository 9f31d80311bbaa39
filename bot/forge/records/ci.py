"""What a played CI does: jobs with their outcomes, attempt by attempt."""

from dataclasses import dataclass, field

from bot.forge.records.json import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class JobScript:
    name: str
    conclusions: tuple[str | None, ...] = ("success",)
    """Of the first attempt, the second, …; the last one repeats. None: it hangs."""
    logs: tuple[str, ...] = ("",)
    """The same for what it prints."""
    annotations: tuple[Json, ...] = ()
    """`path`, `start_line`, `end_line`, `annotation_level`, `message`; only where it fails."""
    seconds: float = 0.0

    def conclusion(self, attempt: int) -> str | None:
        return self.conclusions[min(attempt, len(self.conclusions)) - 1]

    def log(self, attempt: int) -> str:
        return self.logs[min(attempt, len(self.logs)) - 1]


@dataclass(slots=True, kw_only=True)
class Script:
    """The automatic CI of a repository: what each commit of a pull request gets, in turn."""

    kind: str
    """`actions` or `status`."""
    workflow: str
    pushes: tuple[tuple[JobScript, ...], ...]
    """Jobs for the first commit of a pull request, the second, …; the last ones repeat."""
    played: dict[int, int] = field(default_factory=dict)
    """How many commits each pull request had, by its id."""

    def next(self, pull_id: int) -> tuple[JobScript, ...]:
        n = self.played[pull_id] = self.played.get(pull_id, 0) + 1
        return self.pushes[min(n, len(self.pushes)) - 1]
