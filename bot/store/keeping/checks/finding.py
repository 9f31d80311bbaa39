"""What a check finds: something that does not agree, and what to do about it."""

from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import Connection, Select

from bot.runs import Record

T = TypeVar("T", bound=BaseModel)
BATCH = 1000


class Finding(Record):
    """A disagreement."""

    check: str
    """Which part of the store: `journal`, `runs`, `ledger`, …"""
    about: str
    """The row, file or object."""
    detail: str
    mend: str
    """What to do about it."""


def stream(c: Connection, query: Select[Any]) -> Iterator[Any]:
    """Read a table of any length a piece at a time."""
    with c.execute(query.execution_options(yield_per=BATCH)) as found:
        yield from found
