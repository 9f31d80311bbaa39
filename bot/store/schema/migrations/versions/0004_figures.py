"""Indexes for what `/metrics` asks every few seconds: none of it may read a whole table."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _index(name: str, table: str, column: str, where: str) -> None:
    words = sa.text(where)
    op.create_index(name, table, [column], sqlite_where=words, postgresql_where=words)


def upgrade() -> None:
    _index("deliveries_dead", "deliveries", "seq", "decision = 'dead'")
    _index("stages_running", "stages", "name", "status = 'running'")
    _index("calls_reserved", "calls", "started_at", "status = 'reserved'")
    op.create_index("runs_by_status", "runs", ["status", "following"])
