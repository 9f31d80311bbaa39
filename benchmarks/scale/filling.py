"""Fill a store with ended runs and decided deliveries: rows like those that the service writes."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from bot.runs import RunStatus
from bot.store import runs
from bot.store.database import Database
from tests.github.runs import run as sample

FIRST = 1_000_000_000_000
"""Added to a run's number, so that all ids have one length."""
BODY = b'{"zen":"' + b"x" * 1013 + b'"}'
REPOSITORIES = 500
STAGES, EVENTS, EFFECTS, CALLS = 6, 10, 12, 8
"""Rows of each run."""
_RUN_COLUMNS = (
    "pipeline, agent, publish, stop, error, trigger, work, repository, installation_id, branch"
)
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {most})"
_ID = f"CAST({FIRST} + i AS VARCHAR(20))"


@dataclass(frozen=True, slots=True)
class Size:
    runs: int
    deliveries: int


async def fill(database: Database, size: Size) -> None:
    """Write everything in a few statements, then have the planner look at it."""
    await database.write(lambda c: _fill(c, size))
    await database.write(lambda c: c.execute(text("ANALYZE")))


def _fill(c: Connection, size: Size) -> None:
    model = sample().model_copy(update={"status": RunStatus.DONE, "following": False})
    runs.insert(c, model)
    _rows(
        c,
        size.runs,
        f"INSERT INTO runs (id, repository_id, issue, pull_request, status, following, created_at,"
        f" updated_at, {_RUN_COLUMNS})",
        f"SELECT {_ID}, i % {REPOSITORIES}, i / {REPOSITORIES}, i,"
        " CASE WHEN i % 10 = 0 THEN 'failed' ELSE 'done' END, false, 1700000000.0 + i * 60,"
        f" 1700000300.0 + i * 60, {_RUN_COLUMNS} FROM n, runs WHERE id = :model",
        model=model.id,
    )
    _of_runs(c, size.runs)
    _deliveries(c, size.deliveries)


def _of_runs(c: Connection, most: int) -> None:
    """What hangs on each run: stages, events, effects, calls of a model."""
    each = "SELECT i FROM n"
    for k in range(STAGES):
        _rows(
            c,
            most,
            "INSERT INTO stages (run_id, key, name, attempt, status, started_at, ended_at, result)",
            f"SELECT {_ID}, 'stage-{k}', 'stage-{k}', 1, 'passed', 1700000000.0, 1700000001.0,"
            f" '{{}}' FROM ({each}) AS m",
        )
    for k in range(EVENTS):
        _rows(
            c,
            most,
            "INSERT INTO events (run_id, at, stage, attempt, type, data)",
            f"SELECT {_ID}, 1700000000.0 + {k}, 'implement', 1, 'message', '{{\"text\": \"x\"}}'"
            f" FROM ({each}) AS m",
        )
    for k in range(EFFECTS):
        _rows(
            c,
            most,
            "INSERT INTO ledger (key, run_id, installation_id, kind, status, writes, first_at,"
            " last_at)",
            f"SELECT 'comment/{k}/' || i, {_ID}, 1, 'comment', 'applied', 1, 1700000000.0,"
            f" 1700000000.0 FROM ({each}) AS m",
        )
    for k in range(CALLS):
        _rows(
            c,
            most,
            "INSERT INTO calls (run_id, stage, role, attempt, installation_id, repository_id,"
            " repository, person, endpoint, model, api, status, input_tokens, cached_tokens,"
            " output_tokens, reasoning_tokens, usd, estimated, subscription, started_at, seconds)",
            f"SELECT {_ID}, 'implement', 'implement', 1, 1, i % {REPOSITORIES}, 'acme/shop',"
            f" 'marta', 'local', 'm', 'chat', 'done', 1000, 100, 50, 0, 0.01, false, false,"
            f" 1700000000.0 + i * 60 + {k}, 1.5 FROM ({each}) AS m",
        )


def _deliveries(c: Connection, most: int) -> None:
    _rows(
        c,
        most,
        "INSERT INTO deliveries (seq, guid, event, action, repository, repository_id, number,"
        " installation_id, received_at, source, attempts, decision, reason, runs)",
        f"SELECT i, 'guid-' || i, 'issues', 'labeled', 'acme/shop', i % {REPOSITORIES}, i % 1000,"
        " 1, 1700000000.0 + i, 'webhook', 1, 'ignore', 'sender is this app', '[]' FROM n",
    )
    _rows(
        c,
        most,
        "INSERT INTO payloads (seq, payload)",
        "SELECT i, :body FROM n",
        body=BODY,
    )


def _rows(c: Connection, most: int, into: str, what: str, **values: object) -> None:
    numbers = _NUMBERS.format(most=most)
    c.execute(text(f"{into} {numbers} {what}"), values)
