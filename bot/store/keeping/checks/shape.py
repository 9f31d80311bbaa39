"""Whether the tables are those of this version: a migration may have been left half way."""

from collections.abc import Iterator

from sqlalchemy import Connection, inspect, text

from bot.store.keeping.checks.finding import Finding
from bot.store.schema.migrate import revision
from bot.store.schema.version import HEAD
from bot.store.tables import metadata

CHECK = "schema"
MEND = (
    "Stop the service and restore the backup that was made before the migration (`coppice restore`"
    " into an empty place), then run `coppice migrate` again."
)


def check(c: Connection) -> Iterator[Finding]:
    """Compare tables, columns, indexes and the audit log's guards with this version's."""
    found = revision(c)
    if found != HEAD:
        detail = f"the schema is at {found}, this version has {HEAD}"
        yield Finding(check=CHECK, about="alembic_version", detail=detail, mend="coppice migrate")
    for name, detail in _missing(c):
        yield Finding(check=CHECK, about=name, detail=detail, mend=MEND)


def _missing(c: Connection) -> Iterator[tuple[str, str]]:
    inspector = inspect(c)
    present = set(inspector.get_table_names())
    for table in metadata.sorted_tables:
        if table.name not in present:
            yield table.name, "the table is missing"
            continue
        columns = {str(column["name"]) for column in inspector.get_columns(table.name)}
        for name in sorted({column.name for column in table.columns} - columns):
            yield f"{table.name}.{name}", "the column is missing"
        indexes = {str(index["name"]) for index in inspector.get_indexes(table.name)}
        for name in sorted({str(index.name) for index in table.indexes} - indexes):
            yield name, f"the index of table {table.name} is missing"
    if "audit" in present and not _guarded(c):
        yield "audit", "the triggers that keep rows from being changed are missing"


def _guarded(c: Connection) -> bool:
    if c.dialect.name == "sqlite":
        query = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"
        return bool(c.execute(text(query)).scalar_one() >= 2)
    query = (
        "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'audit'::regclass"
        " AND NOT tgisinternal AND tgenabled <> 'D'"
    )
    return bool(c.execute(text(query)).scalar_one() >= 1)
