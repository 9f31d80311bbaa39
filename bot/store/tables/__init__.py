"""Our tables as SQLAlchemy Core sees them; migrations make them, a test compares the two."""

from bot.store.tables.accounts import audit, calls, ledger, secrets
from bot.store.tables.columns import metadata
from bot.store.tables.received import OPEN, deliveries, marks, pauses, payloads
from bot.store.tables.running import ALIVE, baselines, events, runs, stages
from bot.store.tables.shared import orders, quarantine, run_files, served, turns, workers, writes

__all__ = [
    "ALIVE",
    "OPEN",
    "audit",
    "baselines",
    "calls",
    "deliveries",
    "events",
    "ledger",
    "marks",
    "metadata",
    "orders",
    "pauses",
    "payloads",
    "quarantine",
    "run_files",
    "runs",
    "secrets",
    "served",
    "stages",
    "turns",
    "workers",
    "writes",
]
