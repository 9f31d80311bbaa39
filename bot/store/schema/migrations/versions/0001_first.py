"""The first schema: runs, their stages and events, the ledger, secrets, baselines, deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ALIVE = sa.text(
    "(following OR status IN ('planning', 'queued', 'running', 'verifying', 'waiting'))"
)
OPEN = sa.text("decision IN ('pending', 'error')")
REQUEUED = sa.text("requeued")


def upgrade() -> None:
    counter = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    document = sa.JSON(none_as_null=True)
    op.create_table(
        "baselines",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("commit", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("results", document, nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "commit", "digest"),
    )
    op.create_table(
        "deliveries",
        sa.Column("seq", counter, nullable=False),
        sa.Column("guid", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("action", sa.String()),
        sa.Column("repository", sa.String()),
        sa.Column("repository_id", sa.BigInteger()),
        sa.Column("number", sa.BigInteger()),
        sa.Column("installation_id", sa.BigInteger()),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("decision", sa.String(), server_default="pending", nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("runs", document),
        sa.Column("due_at", sa.Double()),
        sa.Column("requeued", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("guid"),
    )
    op.create_index(
        "deliveries_open",
        "deliveries",
        ["seq"],
        unique=False,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index(
        "deliveries_requeued",
        "deliveries",
        ["seq"],
        unique=False,
        sqlite_where=REQUEUED,
        postgresql_where=REQUEUED,
    )
    op.create_table(
        "ledger",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("run_id", sa.String()),
        sa.Column("installation_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("object", document),
        sa.Column("digest", sa.String()),
        sa.Column("writes", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.Double(), nullable=False),
        sa.Column("last_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ledger_by_installation", "ledger", ["installation_id", "status"], unique=False)
    op.create_index("ledger_by_run", "ledger", ["run_id"], unique=False)
    op.create_table(
        "runs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("repository", sa.String(), nullable=False),
        sa.Column("installation_id", sa.BigInteger(), nullable=False),
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("pull_request", sa.Integer()),
        sa.Column("branch", sa.String()),
        sa.Column("pipeline", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("publish", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("following", sa.Boolean(), nullable=False),
        sa.Column("stop", document),
        sa.Column("error", document),
        sa.Column("trigger", document, nullable=False),
        sa.Column("work", document, nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("runs_by_age", "runs", ["created_at"], unique=False)
    op.create_index("runs_by_branch", "runs", ["repository_id", "branch"], unique=False)
    op.create_index("runs_by_issue", "runs", ["repository_id", "issue", "created_at"], unique=False)
    op.create_index("runs_by_pull_request", "runs", ["repository_id", "pull_request"], unique=False)
    op.create_index(
        "runs_one_alive",
        "runs",
        ["repository_id", "issue"],
        unique=True,
        sqlite_where=ALIVE,
        postgresql_where=ALIVE,
    )
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "events",
        sa.Column("seq", counter, nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("data", document, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["runs.id"],
        ),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("events_by_run", "events", ["run_id", "seq"], unique=False)
    op.create_table(
        "payloads",
        sa.Column("seq", counter, autoincrement=False, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["seq"],
            ["deliveries.seq"],
        ),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "stages",
        sa.Column("seq", counter, nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("started_at", sa.Double()),
        sa.Column("ended_at", sa.Double()),
        sa.Column("error", document),
        sa.Column("result", document, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["runs.id"],
        ),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("run_id", "key", name="stages_by_key"),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Bodies are read whole and rarely; compressing each would cost more than writing it.
        op.execute("ALTER TABLE payloads ALTER COLUMN payload SET STORAGE EXTERNAL")
