"""What machines tell each other: who lives, whose turn it is, what goes along."""

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
)

from bot.store.tables.columns import Counter, Document, metadata

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
    Column("part", Document, nullable=False),
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
    Column("seq", Counter, primary_key=True),
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
    Column("seq", Counter, primary_key=True),
    Column("kind", String, nullable=False),
    Column("run_id", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at", Double, nullable=False),
)
