"""How far a long command is: one line on stderr that changes, or a line now and then."""

import sys
import time

_SECONDS = 5.0


class Progress:
    """Call it with what is being done; close it before anything else is printed."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._said_at = time.monotonic()
        self._width = 0

    def __call__(self, text: str) -> None:
        if self._live:
            sys.stderr.write(f"\r{text.ljust(self._width)}")
            self._width = len(text)
        elif time.monotonic() - self._said_at >= _SECONDS:
            self._said_at = time.monotonic()
            sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def close(self) -> None:
        if self._live and self._width:
            sys.stderr.write(f"\r{' ' * self._width}\r")
            sys.stderr.flush()
