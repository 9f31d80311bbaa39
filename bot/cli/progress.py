"""How far a long command is: one line on stderr that changes, or a line now and then."""

import os
import sys
import time

_SECONDS = 5.0
_ASSUMED = 80  # columns of a terminal that does not say


class Progress:
    """Call it with what is being done; close it before anything else is printed."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._said_at = time.monotonic()
        self._width = 0

    def __call__(self, text: str) -> None:
        if self._live:
            shown = text[: _columns() - 1]  # a line that wraps could not be taken back
            sys.stderr.write(f"\r{shown.ljust(self._width)}")
            self._width = len(shown)
        elif time.monotonic() - self._said_at >= _SECONDS:
            self._said_at = time.monotonic()
            sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def close(self) -> None:
        if self._live and self._width:
            sys.stderr.write(f"\r{' ' * self._width}\r")
            sys.stderr.flush()


def _columns() -> int:
    return os.get_terminal_size(sys.stderr.fileno()).columns or _ASSUMED
