"""What commands print: JSON for programs alone on stdout, tables for people."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.cli import drop_stdout
from bot.errors import OperatorError


def emit(value: Any) -> None:
    """Print one JSON value and flush it, so that a reader on a pipe has it at once."""
    encoding = (sys.stdout and sys.stdout.encoding) or "utf-8"
    text = json.dumps(value, ensure_ascii=encoding.lower() != "utf-8")
    _write(text.encode(errors="backslashreplace").decode() + "\n")


def say(text: str = "") -> None:
    """Print a line for people."""
    _write(text + "\n")


def _write(text: str) -> None:
    if sys.stdout is None:  # as `>&-` leaves it
        raise OperatorError("stdout is closed", exit_code=1)
    try:
        sys.stdout.write(text)
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
    """Print rows in columns as wide as their widest cell."""
    cells = [header, *(["" if c is None else printable(str(c)) for c in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    for row in cells:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say("  ".join(padded).rstrip())


def printable(text: str) -> str:
    """Give text that cannot steer the terminal: strangers wrote some of what we list."""
    visible = text.replace("\n", "\\n")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in visible)


def moment(at: float | None) -> str | None:
    """Write a Unix time as GitHub does: ISO 8601 in UTC."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, tz=UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
