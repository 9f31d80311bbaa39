"""Our tables as SQLAlchemy Core sees them; migrations make them, a test compares the two."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import JSON

from bot.runs import LIVING

metadata = MetaData()

# SQLite numbers rows by itself only where the type is spelt INTEGER.
_Counter = BigInteger().with_variant(Integer, "sqlite")
_Document = JSON(none_as_null=True)

ALIVE = "(following OR status IN ({}))".format(", ".join(f"'{s}'" for s in sorted(LIVING)))
"""A run that stands in the way of another start; the same words as in the index."""

OPEN = "decision IN ('pending', 'error')"
"""A delivery that the dispatcher still owes an answer; the same words as in the index."""

runs = Table(
    "runs",
    metadata,
    Column("id", String, primary_key=True),
    Column("repository_id", BigInteger, nullable=False),
    Column("repository", String, nullable=False),
    Column("installation_id", BigInteger, nullable=False),
    Column("issue", Integer, nullable=False),
    Column("pull_request", Integer),
    Column("branch", String),
    Column("pipeline", String, nullable=False),
    Column("agent", String, nullable=False),
    Column("publish", String, nullable=False),
    Column("status", String, nullable=False),
    Column("following", Boolean, nullable=False),
    Column("stop", _Document),
    Column("error", _Document),
    Column("trigger", _Document, nullable=False),
    Column("work", _Document, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
)
Index(
    "runs_one_alive",
    runs.c.repository_id,
    runs.c.issue,
    unique=True,
    sqlite_where=text(ALIVE),
    postgresql_where=text(ALIVE),
)
Index("runs_by_issue", runs.c.repository_id, runs.c.issue, runs.c.created_at)
Index("runs_by_pull_request", runs.c.repository_id, runs.c.pull_request)
Index("runs_by_branch", runs.c.repository_id, runs.c.branch)
Index("runs_by_age", runs.c.created_at)
Index("runs_by_status", runs.c.status, runs.c.following)

stages = Table(
    "stages",
    metadata,
    Column("seq", _Counter, primary_key=True),
    Column("run_id", String, ForeignKey("runs.id"), nullable=False),
    Column("key", String, nullable=False),
    Column("name", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("status", String, nullable=False),
    Column("started_at", Double),
    Column("ended_at", Double),
    Column("error", _Document),
    Column("result", _Document, nullable=False),
    UniqueConstraint("run_id", "key", name="stages_by_key"),
)
Index(
    "stages_running",
    stages.c.name,
    sqlite_where=text("status = 'running'"),
    postgresql_where=text("status = 'running'"),
)

events = Table(
    "events",
    metadata,
    Column("seq", _Counter, primary_key=True),
    Column("run_id", String, ForeignKey("runs.id"), nullable=False),
    Column("at", Double, nullable=False),
    Column("stage", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("type", String, nullable=False),
    Column("data", _Document, nullable=False),
)
Index("events_by_run", events.c.run_id, events.c.seq)

ledger = Table(
    "ledger",
    metadata,
    Column("key", String, primary_key=True),
    Column("run_id", String),
    Column("installation_id", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("status", String, nullable=False),
    Column("object", _Document),
    Column("digest", String),
    Column("writes", Integer, nullable=False),
    Column("first_at", Double, nullable=False),
    Column("last_at", Double, nullable=False),
)
Index("ledger_by_run", ledger.c.run_id)
Index("ledger_by_installation", ledger.c.installation_id, ledger.c.status)

calls = Table(
    "calls",
    metadata,
    Column("seq", _Counter, primary_key=True),
    Column("run_id", String, nullable=False),
    Column("stage", String, nullable=False),
    Column("role", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("installation_id", BigInteger, nullable=False),
    Column("repository_id", BigInteger, nullable=False),
    Column("repository", String, nullable=False),
    Column("person", String, nullable=False),
    Column("endpoint", String, nullable=False),
    Column("model", String, nullable=False),
    Column("api", String, nullable=False),
    Column("status", String, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Column("usd", Double),
    Column("estimated", Boolean, nullable=False),
    Column("subscription", Boolean, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("error", Text),
)
Index("calls_by_run", calls.c.run_id)
Index("calls_by_installation", calls.c.installation_id, calls.c.started_at)
Index("calls_by_repository", calls.c.repository_id, calls.c.started_at)
Index("calls_by_person", calls.c.person, calls.c.started_at)
Index("calls_by_age", calls.c.started_at)
Index(
    "calls_reserved",
    calls.c.started_at,
    sqlite_where=text("status = 'reserved'"),
    postgresql_where=text("status = 'reserved'"),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

baselines = Table(
    "baselines",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("commit", String, primary_key=True),
    Column("digest", String, primary_key=True),
    Column("results", _Document, nullable=False),
)

# The bodies lie apart: a decision then rewrites a short row, not the body with it.
deliveries = Table(
    "deliveries",
    metadata,
    Column("seq", _Counter, primary_key=True),
    Column("guid", String, nullable=False, unique=True),
    Column("event", String, nullable=False),
    Column("action", String),
    Column("repository", String),
    Column("repository_id", BigInteger),
    Column("number", BigInteger),
    Column("installation_id", BigInteger),
    Column("received_at", Double, nullable=False),
    Column("source", String, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("decision", String, nullable=False, server_default="pending"),
    Column("reason", Text),
    Column("runs", _Document),
    Column("due_at", Double),
    Column("requeued", Boolean, nullable=False, server_default=text("false")),
    Column("digest", LargeBinary),
)
Index("deliveries_open", deliveries.c.seq, sqlite_where=text(OPEN), postgresql_where=text(OPEN))
Index(
    "deliveries_requeued",
    deliveries.c.seq,
    sqlite_where=text("requeued"),
    postgresql_where=text("requeued"),
)

Index(
    "deliveries_dead",
    deliveries.c.seq,
    sqlite_where=text("decision = 'dead'"),
    postgresql_where=text("decision = 'dead'"),
)

payloads = Table(
    "payloads",
    metadata,
    Column("seq", _Counter, ForeignKey("deliveries.seq"), primary_key=True, autoincrement=False),
    Column("payload", LargeBinary, nullable=False),
)

pauses = Table(
    "pauses",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("by", String, nullable=False),
    Column("at", Double, nullable=False),
)

marks = Table(
    "marks",
    metadata,
    Column("name", String, primary_key=True),
    Column("at", Double, nullable=False),
)

# Triggers refuse every change of a row and every removal.
audit = Table(
    "audit",
    metadata,
    Column("seq", _Counter, primary_key=True, autoincrement=False),
    Column("key", String, unique=True),
    Column("at", Double, nullable=False),
    Column("who", String, nullable=False),
    Column("act", String, nullable=False),
    Column("installation_id", BigInteger),
    Column("repository_id", BigInteger),
    Column("run_id", String),
    Column("data", _Document, nullable=False),
    Column("hash", String, nullable=False),
)
Index("audit_by_run", audit.c.run_id)

workers = Table(
    "workers",
    metadata,
    Column("name", String, primary_key=True),
    Column("life", String, nullable=False),
    Column("version", String, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("host", String, nullable=False),
    Column("session", Integer),
    Column("slots", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
)

turns = Table(
    "turns",
    metadata,
    Column("child", String, primary_key=True),
    Column("run_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("part", _Document, nullable=False),
    Column("repository_id", BigInteger, nullable=False),
    Column("installation_id", BigInteger, nullable=False),
    Column("person", String, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("asked_at", Double, nullable=False),
    Column("only", String),
    Column("worker", String),
    Column("taken_at", Double),
    Column("begun", Boolean, nullable=False),
)
Index("turns_by_run", turns.c.run_id)

served = Table(
    "served",
    metadata,
    Column("scope", String, primary_key=True),
    Column("whose", String, primary_key=True),
    Column("at", Double, nullable=False),
)

writes = Table(
    "writes",
    metadata,
    Column("seq", _Counter, primary_key=True),
    Column("installation_id", BigInteger, nullable=False),
    Column("at", Double, nullable=False),
)
Index("writes_by_installation", writes.c.installation_id, writes.c.at)

run_files = Table(
    "run_files",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("digest", String, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("by", String, nullable=False),
    Column("at", Double, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    Column("seq", _Counter, primary_key=True),
    Column("kind", String, nullable=False),
    Column("run_id", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at", Double, nullable=False),
)
