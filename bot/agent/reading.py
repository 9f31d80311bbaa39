"""Read what an agent program writes, which may be anything, by line and up to a limit."""

import json

from bot.box import BoxedProcess
from bot.runs import Json

BYTES = 128 * 2**20
"""Of one attempt."""
LINES = 250_000


class Unreadable(Exception):
    """It wrote what no agent writes; the text says what."""


class Overflow(Exception):
    """It wrote more than an attempt may."""


class Lines:
    """The lines of a boxed process."""

    def __init__(self, process: BoxedProcess) -> None:
        self._process = process
        self._bytes = BYTES
        self._lines = LINES

    async def next(self) -> str | None:
        """Return the next line, None at the end; raises Unreadable, Overflow."""
        try:
            line = await self._process.stdout.readline()
        except ValueError:
            raise Unreadable("a line without end") from None
        self._bytes -= len(line)
        self._lines -= 1
        if self._bytes < 0 or self._lines < 0:
            raise Overflow(f"it told more than {BYTES >> 20} MB or {LINES:,} lines")
        return line.decode(errors="replace").replace("\0", "\ufffd") if line else None


def parsed(line: str) -> dict[str, Json]:
    """Read a JSON object; raises Unreadable."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Unreadable(line.strip()[:200])
    return value
