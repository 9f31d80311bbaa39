"""Hang up on a database server that has fallen silent: libpq waits for an answer for ever."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

_LOOK_SECONDS = 1.0


class Watchdog:
    """A thread that watches the one thing that another thread is doing."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._watched: tuple[float, int] | None = None
        self._closing = threading.Event()
        self._lock = threading.Lock()
        threading.Thread(target=self._run, name="store-watchdog", daemon=True).start()

    @contextmanager
    def over(self, connection: psycopg.Connection[Any]) -> Iterator[None]:
        """Cut the connection when the block takes too long; the block then raises psycopg.Error."""
        self._watched = (time.monotonic() + self._seconds, connection.fileno())
        try:
            yield
        finally:
            with self._lock:  # the descriptor's number may belong to another after this
                self._watched = None

    def close(self) -> None:
        self._closing.set()

    def _run(self) -> None:
        while not self._closing.wait(_LOOK_SECONDS):
            with self._lock:
                if self._watched and time.monotonic() > self._watched[0]:
                    _cut(self._watched[1])
                    self._watched = None


def _cut(descriptor: int) -> None:
    with socket.socket(fileno=os.dup(descriptor)) as ours:
        ours.shutdown(socket.SHUT_RDWR)
