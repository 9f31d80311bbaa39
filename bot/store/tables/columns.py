"""What the tables are made of, alike on SQLite and PostgreSQL."""

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, text
from sqlalchemy.types import JSON

metadata = MetaData()

# SQLite numbers rows by itself only where the type is spelt INTEGER.
Counter = BigInteger().with_variant(Integer, "sqlite")
Document = JSON(none_as_null=True)


def index_where(name: str, where: str, *columns: Column[Any], unique: bool = False) -> None:
    """Index the rows of which `where` holds."""
    condition = text(where)
    Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)
