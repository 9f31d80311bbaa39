"""What commands print: JSON for programs alone on stdout, tables for people."""

import json
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from math import inf
from typing import Any, TextIO

from bot.cli import drop_stdout
from bot.errors import OperatorError

_GAP = "  "


def emit(value: Any) -> None:
    """Print one JSON value and flush it, so that a reader on a pipe has it at once."""
    encoding = (sys.stdout and sys.stdout.encoding) or "utf-8"
    text = json.dumps(value, ensure_ascii=encoding.lower() != "utf-8")
    _write(text.encode(errors="backslashreplace").decode() + "\n")


def say(text: str = "") -> None:
    """Print a line for people."""
    _write(text + "\n")


def _write(text: str) -> None:
    with stdout() as out:
        out.write(text)


@contextmanager
def stdout() -> Iterator[TextIO]:
    """Give stdout for what is no table; raises OperatorError where it takes nothing."""
    if sys.stdout is None:  # as `>&-` leaves it
        raise OperatorError("stdout is closed", exit_code=1)
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        drop_stdout()
        raise OperatorError(f"stdout takes nothing: {error.strerror}", exit_code=1) from error


def note(text: str) -> None:
    """Print a line beside the result, on stderr."""
    sys.stderr.write(f"coppice: {text}\n")


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows in columns as wide as their widest cell.

    On a terminal that all but the last column do not fit on, each cell has a line of its own.
    """
    cells = [["" if c is None else _writable(printable(str(c))) for c in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(header, *cells, strict=True)]
    if cells and sum(width + len(_GAP) for width in widths[:-1]) > _room():
        say("\n\n".join(_upright(header, row) for row in cells))
        return
    for row in (header, *cells):
        padded = (_padded(cell, width) for cell, width in zip(row, widths, strict=True))
        say(_GAP.join(padded).rstrip())


def _upright(header: Sequence[str], row: Sequence[str]) -> str:
    width = max(map(len, header))
    told = (pair for pair in zip(header, row, strict=True) if pair[1])
    return "\n".join(f"{name.ljust(width)}{_GAP}{cell.rstrip()}" for name, cell in told)


def _room() -> float:
    """How many columns stdout has: without bounds where it is no terminal, or one of no size."""
    if sys.stdout is None or not sys.stdout.isatty():
        return inf
    return shutil.get_terminal_size((sys.maxsize, 0)).columns


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - _width(cell))


def _width(text: str) -> int:
    """How many columns a terminal takes for a text: two for signs of East Asia, none for marks."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.category(c) in ("Mn", "Me") for c in text)


def _writable(text: str) -> str:
    """Write out the signs that stdout cannot show, so that their width is known."""
    encoding = (sys.stdout and sys.stdout.encoding) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def printable(text: str) -> str:
    """Give text that cannot steer the terminal: strangers wrote some of what we list."""
    visible = text.replace("\n", "\\n")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in visible)


def moment(at: float | None) -> str | None:
    """Write a Unix time as GitHub does: ISO 8601 in UTC."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, tz=UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
