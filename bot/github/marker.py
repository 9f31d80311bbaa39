"""Markers that tell our objects from look-alikes: HMAC of run and purpose under a key of our own.

A marker alone proves nothing, because anybody can copy one: an object is ours only if its author is
the App too (``Markers.ours``).
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any

BEGIN = "<!-- coppice:begin -->"
TRAILER = "Coppice-Run"

_MARKER = re.compile(
    r"<!-- coppice:(?P<purpose>[\w-]+) run=(?P<run>[\w./-]+) hmac=(?P<hmac>[0-9a-f]{32}) -->"
)


class Markers:
    """Makes and checks markers with the installation's key (32 random bytes in the database)."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 32:
            raise ValueError("the marker key is shorter than 32 bytes")
        self._key = key

    def make(self, purpose: str, run: str) -> str:
        """Make the marker that ends a comment (HTML comments do not show on GitHub)."""
        return f"<!-- coppice:{purpose} run={run} hmac={self._sign(purpose, run)} -->"

    def carries(self, body: str, purpose: str, run: str) -> bool:
        """Tell whether the text holds the genuine marker of this run and purpose."""
        return any(
            found["purpose"] == purpose
            and found["run"] == run
            and hmac.compare_digest(found["hmac"], self._sign(purpose, run))
            for found in _MARKER.finditer(body)
        )

    def genuine(self, body: str) -> bool:
        """Tell whether the text holds any marker that we made."""
        return self.run_of(body) is not None

    def run_of(self, body: str) -> str | None:
        """Tell of which run, or other thing, a text of ours is; None: it has no genuine marker."""
        for found in _MARKER.finditer(body):
            signed = self._sign(found["purpose"], found["run"])
            if hmac.compare_digest(found["hmac"], signed):
                return found["run"]
        return None

    def named(self, body: str, purpose: str) -> list[str]:
        """List what the genuine markers of a purpose in a text are about."""
        return [
            found["run"]
            for found in _MARKER.finditer(body)
            if found["purpose"] == purpose
            and hmac.compare_digest(found["hmac"], self._sign(purpose, found["run"]))
        ]

    def ours(self, item: Mapping[str, Any], user_id: int, purpose: str, run: str) -> bool:
        """Tell whether a comment is ours: our bot wrote it and the marker is genuine."""
        author = item.get("user") or {}
        return author.get("id") == user_id and self.carries(item.get("body") or "", purpose, run)

    def trailer(self, run: str) -> str:
        """Make the commit trailer that ties a commit to its run."""
        return f"{TRAILER}: {run} {self._sign('commit', run)}"

    def wrap(self, body: str, run: str) -> str:
        """Put our part of a pull request body between its markers."""
        return f"{BEGIN}\n{body.strip()}\n{self.make('end', run)}"

    def replace(self, whole: str, part: str, run: str) -> str:
        """Put ``part`` (with its markers) where our part stands in ``whole``; the rest is people's.

        Where somebody took the markers out, it goes on top.
        """
        end = self.make("end", run)
        stop = whole.find(end)
        start = whole.rfind(BEGIN, 0, max(0, stop))  # people may have copied the first one
        if start == -1:
            return f"{part}\n\n{whole}".strip()
        return whole[:start] + part + whole[stop + len(end) :]

    def part(self, whole: str) -> str:
        """Our part of a pull request body; empty where its genuine end is not there."""
        for found in _MARKER.finditer(whole):
            start = whole.rfind(BEGIN, 0, found.start())
            genuine = hmac.compare_digest(found["hmac"], self._sign("end", found["run"]))
            if found["purpose"] == "end" and genuine and start != -1:
                return whole[start : found.end()]
        return ""

    def _sign(self, purpose: str, run: str) -> str:
        message = f"{purpose}\0{run}".encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()[:32]
