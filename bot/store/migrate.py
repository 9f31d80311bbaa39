"""Bring a database to the schema of this version; Alembic is imported only when there is work."""

from importlib.resources import as_file, files

from sqlalchemy import Connection, Engine, text

from bot.store.schema import HEAD, refuse_newer

_POSTGRES_LOCK = 0x636F7070  # any number, the same in every process


def migrate(engine: Engine) -> None:
    """Create or upgrade our tables; do nothing when they are as this version wants them.

    Raises OperatorError when a newer version of Coppice made them.
    """
    with engine.connect() as connection:
        found = revision(connection)
    refuse_newer(found)
    if found == HEAD:
        return
    with engine.connect().execution_options(write=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})
        if revision(connection) != HEAD:  # another process may have been faster
            _upgrade(connection)


def revision(connection: Connection) -> str | None:
    """Read which migration a database is at; None: it is empty."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    with as_file(files("bot.store") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)
