"""Write a board in Prometheus's text format."""

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.telemetry.board import Board
from bot.telemetry.rates import RATES

if TYPE_CHECKING:
    from bot.store.figures import Figures

WEB = "web"


def write(board: Board) -> bytes:
    """Everything that there is to tell, in one text."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Shown(board))
    return generate_latest(registry) + _counts(board)


def _counts(board: Board) -> bytes:
    if board.role == WEB:  # it acts on nothing
        return b""
    from bot.telemetry.counts import REGISTRY

    return generate_latest(REGISTRY)


class _Shown(Collector):
    def __init__(self, board: Board) -> None:
        self._board = board

    def collect(self) -> Iterable[Metric]:
        board = self._board
        yield _one("coppice_info", "What runs here.", 1, role=board.role, version=_version())
        yield _one("coppice_ready", "1: nothing is missing (/readyz).", not board.health.missing)
        yield from _door(board)
        if board.role != WEB:
            yield from _process(board)
        if board.read is not None:
            yield _one("coppice_database_up", "1: it gave its figures.", board.figures is not None)
        if board.figures is not None:
            yield from _database(board.figures)


def _door(board: Board) -> Iterator[Metric]:
    journalled = CounterMetricFamily(
        "coppice_deliveries_journalled",
        "Deliveries that came in: new, seen before, or not written and answered 500.",
        labels=("outcome",),
    )
    for outcome, count in board.journalled():
        journalled.add_metric((outcome,), count)
    yield journalled
    refused = CounterMetricFamily(
        "coppice_webhooks_refused",
        "Webhooks turned away before the journal, by status; 401: not signed with our secret.",
        labels=("status",),
    )
    for status, count in sorted({401: 0, **board.refused}.items()):
        refused.add_metric((str(status),), count)
    yield refused
    arriving = board.journal.arriving
    yield _one("coppice_journal_waiting", "Deliveries that wait for their commit.", arriving)


def _process(board: Board) -> Iterator[Metric]:
    if board.leads is not None:
        yield _one("coppice_leader", "1: dispatches and sweeps for all.", board.leads())
    if board.box is not None:
        name, level = board.box
        yield _one(
            "coppice_box_level",
            "How agents are confined: 3 bubblewrap, 2 Landlock, 0 not at all.",
            level,
            name=name,
        )
    if board.writes is not None:
        yield _one(
            "coppice_github_write_budget_used",
            "Share of our own limit on writes that the fullest installation has used, 0 to 1.",
            board.writes(),
        )
    rates = RATES.scarcest()
    yield _each(
        "coppice_github_rate_remaining",
        "Calls left of GitHub's rate limit, of the installation with the smallest share.",
        "resource",
        {name: rate.remaining for name, rate in rates.items()},
    )
    yield _each(
        "coppice_github_rate_limit",
        "The limit of that installation, in calls.",
        "resource",
        {name: rate.limit for name, rate in rates.items()},
    )


def _database(figures: "Figures") -> Iterator[Metric]:
    yield _each(
        "coppice_deliveries",
        "Deliveries that are owed an answer (pending, error) or were given up (dead).",
        "decision",
        figures.deliveries,
    )
    yield _one(
        "coppice_dispatch_lag_seconds",
        "How long the oldest delivery waits that could be handled now.",
        figures.lag,
    )
    yield _each("coppice_runs", "Runs that have not ended, by status.", "status", figures.runs)
    yield _one(
        "coppice_runs_following", "Runs that follow an open pull request.", figures.following
    )
    yield _one(
        "coppice_queue_oldest_seconds",
        "How long the run waits that waits longest for a slot.",
        figures.queued_seconds,
    )
    yield _each("coppice_stages_running", "Stages under way.", "stage", figures.stages)
    yield _one("coppice_model_calls_open", "Calls of models under way.", figures.calls)
    yield _one("coppice_dollars_today", "Spent since midnight, UTC, in dollars.", figures.usd_today)
    yield _one("coppice_repositories_paused", "Repositories where nothing begins.", figures.paused)
    if figures.swept_at is not None:
        yield _one(
            "coppice_sweep_last_timestamp_seconds",
            "When GitHub's delivery log was last read to its end, Unix time.",
            figures.swept_at,
        )
    if figures.workers:
        yield _each("coppice_workers", "Workers, by state.", "state", figures.workers)


def _one(name: str, text: str, value: float, /, **labels: str) -> Metric:
    family = GaugeMetricFamily(name, text, labels=tuple(labels))
    family.add_metric(tuple(labels.values()), float(value))
    return family


def _each(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), float(value))
    return family


def _version() -> str:
    return version("coppice-bot")
