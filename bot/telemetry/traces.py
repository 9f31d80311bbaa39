"""Traces, where the operator names a collector; where not, nothing of OpenTelemetry is loaded.

A run outlives its process, so the ids that hold its trace together are derived: of the trace and
of the run's own span from the run's id, and a delivery's from the run that it would start. Spans
say ids, names and numbers, never texts of people, of agents or of models.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from bot.errors import OperatorError
from bot.runs import run_id

Value = str | int | float | bool
Context = object
"""Where a span hangs; opaque."""
Ids = tuple[str | None, str | None]
"""What the ids of a trace and of a span are derived from; None: they are random."""


class Open(Protocol):
    """A span under way."""

    def note(self, **attributes: Value | None) -> None:
        """Say more of it."""


class Recorder(Protocol):
    """What OpenTelemetry does for us (`bot/telemetry/otel.py`)."""

    @contextmanager
    def span(
        self, name: str, attributes: Mapping[str, Value | None], root: Ids | None
    ) -> Iterator[Open]: ...

    @contextmanager
    def within(self, trace: str, key: str) -> Iterator[None]: ...

    def record(
        self,
        name: str,
        attributes: Mapping[str, Value | None],
        times: tuple[float, float],
        context: Context | None,
        key: str | None,
    ) -> None: ...

    def here(self) -> Context: ...

    def close(self) -> None: ...


class _Nothing:
    def note(self, **attributes: Value | None) -> None:
        """Nobody listens."""


class _Traces:
    recorder: Recorder | None = None


def configure(collector: str, *, worker: str, headers: str = "") -> None:
    """Send spans there by OTLP over HTTP; raises OperatorError where the extra is not installed.

    ``headers``: `name=value`, commas between them, as `OTEL_EXPORTER_OTLP_HEADERS` has them.
    """
    try:
        from bot.telemetry.otel import OpenTelemetry
    except ImportError as error:
        raise OperatorError(
            "COPPICE_TRACES: the packages for it are not installed; type:"
            " .venv/bin/pip install --require-hashes -r requirements-traces.txt"
        ) from error
    _Traces.recorder = OpenTelemetry(collector, worker=worker, headers=headers)


def close() -> None:
    """Send what is left, for two seconds at most."""
    if _Traces.recorder is not None:
        _Traces.recorder.close()
        _Traces.recorder = None


@contextmanager
def span(name: str, /, **attributes: Value | None) -> Iterator[Open]:
    """Time a block; what it raises is named by its class. Spans inside hang below it."""
    if _Traces.recorder is None:
        yield _Nothing()
        return
    with _Traces.recorder.span(name, attributes, None) as opened:
        yield opened


@contextmanager
def delivery(guid: str, *, first: bool, **attributes: Value | None) -> Iterator[Open]:
    """Time one try of a delivery; the first one is what a run that it starts hangs below."""
    if _Traces.recorder is None:
        yield _Nothing()
        return
    run = run_id(guid)
    root = _trace(run), _delivery(run) if first else None
    said = {"coppice.delivery": guid, **attributes}
    with _Traces.recorder.span("delivery", said, root) as opened:
        yield opened


@contextmanager
def in_run(run: str) -> Iterator[None]:
    """Hang every span inside below a run's."""
    if _Traces.recorder is None:
        yield
        return
    with _Traces.recorder.within(_trace(run), _run(run)):
        yield


def run_ended(run: str, times: tuple[float, float], **attributes: Value | None) -> None:
    """Write the span of a run, once it has ended; ``times`` are Unix, its start and its end."""
    recorder = _Traces.recorder
    if recorder is not None:
        with recorder.within(_trace(run), _delivery(run)):
            recorder.record("run", {"coppice.run": run, **attributes}, times, None, _run(run))


def record(
    name: str, times: tuple[float, float], context: Context | None, **attributes: Value | None
) -> None:
    """Write a span that is over, below the one where ``context`` was taken."""
    if _Traces.recorder is not None and context is not None:
        _Traces.recorder.record(name, attributes, times, context, None)


def here() -> Context | None:
    """Remember the span under way, for `record`."""
    return None if _Traces.recorder is None else _Traces.recorder.here()


def _trace(run: str) -> str:
    return f"trace/{run}"


def _delivery(run: str) -> str:
    return f"delivery/{run}"


def _run(run: str) -> str:
    return f"run/{run}"
