"""What was written, spent and decided, and the keys that prove it."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from bot.store.tables.columns import Counter, Document, index_where, metadata

ledger = Table(
    "ledger",
    metadata,
    Column("key", String, primary_key=True),
    Column("run_id", String),
    Column("installation_id", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("status", String, nullable=False),
    Column("object", Document),
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
    Column("seq", Counter, primary_key=True),
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
index_where("calls_reserved", "status = 'reserved'", calls.c.started_at)

# Triggers refuse every change of a row and every removal.
audit = Table(
    "audit",
    metadata,
    Column("seq", Counter, primary_key=True, autoincrement=False),
    Column("key", String, unique=True),
    Column("at", Double, nullable=False),
    Column("who", String, nullable=False),
    Column("act", String, nullable=False),
    Column("installation_id", BigInteger),
    Column("repository_id", BigInteger),
    Column("run_id", String),
    Column("data", Document, nullable=False),
    Column("hash", String, nullable=False),
)
Index("audit_by_run", audit.c.run_id)

secrets = Table(
    "secrets",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
