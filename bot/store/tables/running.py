"""Runs, what they have done, and what their commands said of a commit."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from bot.runs import LIVING
from bot.store.tables.columns import Counter, Document, index_where, metadata

ALIVE = "(following OR status IN ({}))".format(", ".join(f"'{s}'" for s in sorted(LIVING)))
"""A run that stands in the way of another start; the same words as in the index."""

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
    Column("stop", Document),
    Column("error", Document),
    Column("trigger", Document, nullable=False),
    Column("work", Document, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
)
index_where("runs_one_alive", ALIVE, runs.c.repository_id, runs.c.issue, unique=True)
Index("runs_by_issue", runs.c.repository_id, runs.c.issue, runs.c.created_at)
Index("runs_by_pull_request", runs.c.repository_id, runs.c.pull_request)
Index("runs_by_branch", runs.c.repository_id, runs.c.branch)
Index("runs_by_age", runs.c.created_at)
Index("runs_by_status", runs.c.status, runs.c.following)

stages = Table(
    "stages",
    metadata,
    Column("seq", Counter, primary_key=True),
    Column("run_id", String, ForeignKey("runs.id"), nullable=False),
    Column("key", String, nullable=False),
    Column("name", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("status", String, nullable=False),
    Column("started_at", Double),
    Column("ended_at", Double),
    Column("error", Document),
    Column("result", Document, nullable=False),
    UniqueConstraint("run_id", "key", name="stages_by_key"),
)
index_where("stages_running", "status = 'running'", stages.c.name)

events = Table(
    "events",
    metadata,
    Column("seq", Counter, primary_key=True),
    Column("run_id", String, ForeignKey("runs.id"), nullable=False),
    Column("at", Double, nullable=False),
    Column("stage", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("type", String, nullable=False),
    Column("data", Document, nullable=False),
)
Index("events_by_run", events.c.run_id, events.c.seq)

baselines = Table(
    "baselines",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("commit", String, primary_key=True),
    Column("digest", String, primary_key=True),
    Column("results", Document, nullable=False),
)
