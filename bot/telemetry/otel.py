"""OpenTelemetry's SDK behind the words of `traces`; the only module that loads it."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.metadata import version
from urllib.parse import unquote

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, Status, StatusCode, TraceFlags

from bot.telemetry.traces import Ids, Value

PATH = "/v1/traces"
_FLUSH_MILLISECONDS = 2000
_SECOND = 1_000_000_000  # nanoseconds

_trace_id: ContextVar[int | None] = ContextVar("trace_id", default=None)
_span_id: ContextVar[int | None] = ContextVar("span_id", default=None)


class _Ids(RandomIdGenerator):
    """Random, but for what was chosen."""

    def generate_trace_id(self) -> int:
        return _trace_id.get() or super().generate_trace_id()

    def generate_span_id(self) -> int:
        return _span_id.get() or super().generate_span_id()


class _Open:
    def __init__(self, span: Span) -> None:
        self._span = span

    def note(self, **attributes: Value | None) -> None:
        self._span.set_attributes(_said(attributes))


class OpenTelemetry:
    """Makes spans, and sends them in the background."""

    def __init__(self, collector: str, *, worker: str, headers: str) -> None:
        """``collector``: the root of its HTTP address, or the whole path for traces."""
        said = {
            "service.name": "coppice",
            "service.version": version("coppice-bot"),
            "service.instance.id": worker,
        }
        self._provider = TracerProvider(resource=Resource.create(said), id_generator=_Ids())
        address = collector if collector.endswith(PATH) else collector.rstrip("/") + PATH
        exporter = OTLPSpanExporter(address, headers=_headers(headers))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("coppice")

    @contextmanager
    def span(
        self, name: str, attributes: Mapping[str, Value | None], root: Ids | None
    ) -> Iterator[_Open]:
        with _chosen(root or (None, None)):
            begun = self._tracer.start_span(
                name, context=root and Context(), attributes=_said(attributes)
            )
        try:
            with trace.use_span(begun, record_exception=False, set_status_on_exception=False):
                yield _Open(begun)
        except BaseException as error:
            begun.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
        finally:
            begun.end()

    @contextmanager
    def within(self, trace_key: str, key: str) -> Iterator[None]:
        parent = SpanContext(
            trace_id=_number(trace_key, 16),
            span_id=_number(key, 8),
            is_remote=True,
            trace_flags=TraceFlags(TraceFlags.SAMPLED),
        )
        token = contexts.attach(trace.set_span_in_context(NonRecordingSpan(parent)))
        try:
            yield
        finally:
            contexts.detach(token)

    def record(
        self,
        name: str,
        attributes: Mapping[str, Value | None],
        times: tuple[float, float],
        context: object | None,
        key: str | None,
    ) -> None:
        begun, ended = (int(at * _SECOND) for at in times)
        below = context if isinstance(context, Context) else None
        with _chosen((None, key)):
            span = self._tracer.start_span(
                name, context=below, attributes=_said(attributes), start_time=begun
            )
        span.end(ended)

    def here(self) -> Context:
        return contexts.get_current()

    def close(self) -> None:
        self._provider.force_flush(_FLUSH_MILLISECONDS)
        self._provider.shutdown()


@contextmanager
def _chosen(ids: Ids) -> Iterator[None]:
    in_trace, as_span = ids
    tokens = (
        _trace_id.set(None if in_trace is None else _number(in_trace, 16)),
        _span_id.set(None if as_span is None else _number(as_span, 8)),
    )
    try:
        yield
    finally:
        _trace_id.reset(tokens[0])
        _span_id.reset(tokens[1])


def _headers(given: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in given.split(",") if "=" in pair)
    return {name.strip().lower(): unquote(value.strip()) for name, _, value in pairs}


def _number(key: str, size: int) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:size], "big")


def _said(attributes: Mapping[str, Value | None]) -> dict[str, Value]:
    return {name: value for name, value in attributes.items() if value is not None}
