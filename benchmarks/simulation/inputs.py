"""The numbers that the simulation starts from, each with where it comes from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What people do; assumed, because every company is different."""

    issues_a_month: float = 1.0
    """Issues of one repository that get the label in a month."""
    active: float = 0.2
    """The part of the repositories in which anything happens in a month."""
    working_days: int = 21
    working_hours: float = 8.0
    peak: float = 3.0
    """The busiest hour against the mean of the working hours."""
    pushes_a_day: float = 6.0
    """Pushes, comments, checks of an active repository that have nothing to do with us, a day."""
    deliveries_a_push: float = 6.0
    """push, check_suite, check_run twice, status, workflow_run."""
    rounds_a_run: float = 1.3
    plan_waits: float = 0.3
    """The part of the runs whose plan waits for a person."""
    wait_hours: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a run takes; measured on the local forge unless it says assumed."""

    writes: float = 18.0
    """Calls that write, of a run with a pull request: the ledgers of undisturbed chaos plays."""
    writes_a_round: float = 8.0
    reads: float = 60.0
    """Calls that read, of a run, with the rounds; assumed."""
    deliveries: float = 34.0
    """That the run's own writes and its people cause: the journals of the same plays."""
    agent_minutes: float = 12.0
    """Assumed: planning, work and review of one run by a model, rounds included."""
    commands_minutes: float = 6.0
    """Assumed: the repository's own commands, base, attempts and rounds."""
    dollars: float = 1.1
    """Assumed: a run with its rounds, at the budget's usual model."""
    run_kilobytes: float = 60.0
    """Rows of a run in the database: 12 KB of ours in the same plays, the rest for the engine."""
    delivery_kilobytes: float = 12.0
    """A row and its body, in the same plays; bodies are removed after their time."""
    row_kilobytes: float = 0.5
    """A row without its body."""
    body_days: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Where GitHub or one machine ends."""

    writes_an_hour: float = 500.0
    """Content-creating calls of one installation; 80 a minute besides."""
    writes_a_minute: float = 80.0
    calls_an_hour: float = 5000.0
    """REST calls of one installation at least; GitHub gives up to 12,500 to large ones."""
    deliveries_a_second: float = 1000.0
    """That one entrance takes in durably (benchmarks/intake.py), with a margin of four."""
    dispatch_a_second: float = 60.0
    """Deliveries that the one dispatcher decides, with a margin (handlers that read GitHub)."""
    at_once: float = 4.0
    """Runs at work of one installation, as it is set at first (COPPICE_LIMIT_INSTALLATION)."""
    slots_a_worker: float = 8.0
    """Runs at work on a machine of 8 cores and 16 GB (COPPICE_LIMIT_WORKER=8)."""
