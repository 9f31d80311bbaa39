"""What came in from GitHub, and what stands beside it: pauses and marks."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from bot.store.tables.columns import Counter, Document, index_where, metadata

OPEN = "decision IN ('pending', 'error')"
"""A delivery that the dispatcher still owes an answer; the same words as in the index."""

# The bodies lie apart: a decision then rewrites a short row, not the body with it.
deliveries = Table(
    "deliveries",
    metadata,
    Column("seq", Counter, primary_key=True),
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
    Column("runs", Document),
    Column("due_at", Double),
    Column("requeued", Boolean, nullable=False, server_default=text("false")),
    Column("digest", LargeBinary),
)
index_where("deliveries_open", OPEN, deliveries.c.seq)
index_where("deliveries_requeued", "requeued", deliveries.c.seq)
index_where("deliveries_dead", "decision = 'dead'", deliveries.c.seq)

payloads = Table(
    "payloads",
    metadata,
    Column("seq", Counter, ForeignKey("deliveries.seq"), primary_key=True, autoincrement=False),
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
