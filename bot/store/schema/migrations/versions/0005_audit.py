"""The audit log, which only grows, and the hash of each delivery's body."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SQLITE = """
CREATE TRIGGER audit_{act}s_nothing BEFORE {act} ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit log only grows');
END
"""
_POSTGRESQL = (
    """
CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log only grows';
END $$
""",
    """
CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE ON audit
FOR EACH ROW EXECUTE FUNCTION audit_only_grows()
""",
)


def upgrade() -> None:
    counter = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "audit",
        sa.Column("seq", counter, autoincrement=False, nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("installation_id", sa.BigInteger(), nullable=True),
        sa.Column("repository_id", sa.BigInteger(), nullable=True),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("key", name="audit_key_key"),
    )
    op.create_index("audit_by_run", "audit", ["run_id"])
    op.add_column("deliveries", sa.Column("digest", sa.LargeBinary(), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        statements = tuple(_SQLITE.format(act=act) for act in ("UPDATE", "DELETE"))
    else:
        statements = _POSTGRESQL
    for statement in statements:
        op.execute(statement)
