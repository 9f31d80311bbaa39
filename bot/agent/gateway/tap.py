"""Read usage from an answer as it passes, and hold back what only we asked for."""

from collections.abc import Mapping
from typing import Any

import msgspec

from bot.agent.gateway.dialect import Dialect, Usage

LONGEST_LINE = 32 * 2**20
"""Beyond it a stream is not one of events."""
EVENT_BYTES = 200
"""About what an event has around its words."""
TOKEN_BYTES = 4
"""About what a token has."""


class Leak(Exception):
    """The answer has the endpoint's credential in it."""


class Tap:
    """What one answer told; it passes on whole lines, as they came."""

    def __init__(self, dialect: Dialect, *, drops_usage: bool, secrets: tuple[str, ...]) -> None:
        self._dialect = dialect
        self._drops_usage = drops_usage
        self._secrets = tuple(secret.encode() for secret in secrets)
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._skips_blank = False
        self.usage: Usage = {}
        self.bytes = 0
        self._lines = 0

    def feed(self, chunk: bytes) -> bytes:
        """Take what came; give what is to be passed on now. Raises Leak."""
        self.bytes += len(chunk)
        cut = chunk.rfind(b"\n") + 1
        if not cut:
            self._hold(chunk)
            return b""
        lines = b"".join((*self._held, chunk[:cut])) if self._held else chunk[:cut]
        self._held, self._held_bytes = [], 0
        if cut < len(chunk):
            self._hold(chunk[cut:])
        return self._pass(lines)

    def end(self) -> bytes:
        """Give what is left of a stream that does not end with a line's end. Raises Leak."""
        left, self._held = b"".join(self._held), []
        return self._pass(left)

    def whole(self, body: bytes) -> None:
        """Read an answer that is no stream. Raises Leak; ValueError where it is not JSON."""
        self.bytes = len(body)
        self._require_clean(body)
        self._learn(msgspec.json.decode(body))

    @property
    def output_estimate(self) -> int:
        """Guess the tokens of what was said so far, from its size."""
        events = self._lines // self._dialect.event_lines
        words = max(0, self.bytes - events * EVENT_BYTES)
        return max(events, words // TOKEN_BYTES)

    def _hold(self, piece: bytes) -> None:
        self._held.append(piece)
        self._held_bytes += len(piece)
        if self._held_bytes > LONGEST_LINE:
            raise Leak("a line of the answer does not end")

    def _pass(self, lines: bytes) -> bytes:
        self._require_clean(lines)
        self._lines += lines.count(b"\n")
        if self._dialect.needle not in lines and not self._skips_blank:
            return lines
        kept = [line for line in lines.splitlines(keepends=True) if self._keeps(line)]
        return b"".join(kept)

    def _keeps(self, line: bytes) -> bool:
        """Read a line; say whether it is passed on."""
        if self._skips_blank:
            self._skips_blank = False
            if not line.strip():
                return False
        if self._dialect.needle not in line or not line.startswith(b"data:"):
            return True
        try:
            event = msgspec.json.decode(line[5:])
        except ValueError:
            return True
        told = self._learn(event)
        if told and self._drops_usage and event.get("choices") == []:
            self._skips_blank = True
            return False
        return True

    def _learn(self, body: object) -> bool:
        if not isinstance(body, dict):
            return False
        told: Mapping[str, Any] = self._dialect.usage(body)
        self.usage.update(told)
        return bool(told)

    def _require_clean(self, data: bytes) -> None:
        if any(secret in data for secret in self._secrets):
            raise Leak("the answer has the model key in it")
