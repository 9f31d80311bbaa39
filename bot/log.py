"""The log on stderr: one line a fact, with its delivery and run, secrets masked on write."""

import json
import logging
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal

MASK = "***"

_delivery: ContextVar[str | None] = ContextVar("delivery", default=None)
_run: ContextVar[str | None] = ContextVar("run", default=None)

# What looks like a credential is masked wherever it comes from.
_PATTERNS = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S),
        (r"\bgh[pousr]_\w{16,}", 0),
        (r"\bgithub_pat_\w{20,}", 0),
        (r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}", 0),
        (r"(?<=\bBearer )[^\s'\",]+|(?<=\bBasic )[A-Za-z0-9+/=]{8,}", re.I),
        (r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)", 0),
        (r"\bsk-[\w-]{20,}|\bAIza[\w-]{30,}", 0),  # keys of models' endpoints
        (r"(?<=x-api-key: )\S+|(?<=x-api-key': ')[^']+|(?<=x-api-key=)\S+", re.I),
    )
)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
"""What would begin another line, or steer a terminal."""
# Too short a secret would mask ordinary words.
_SHORTEST_SECRET = 8


class Masker:
    """Take credentials out of text: those that look like one, and those it was told."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.secrets = frozenset(secrets)
        longest_first = sorted({s for s in self.secrets if len(s) >= _SHORTEST_SECRET}, key=len)[
            ::-1
        ]
        alternatives = "|".join(map(re.escape, longest_first))
        self._told = re.compile(alternatives) if alternatives else None

    def __call__(self, text: str) -> str:
        for pattern in _PATTERNS:
            text = pattern.sub(MASK, text)
        return self._told.sub(MASK, text) if self._told else text


class _Formatter(logging.Formatter):
    def __init__(self, masker: Masker) -> None:
        super().__init__()
        self.masker = masker

    def facts(self, record: logging.LogRecord) -> dict[str, object]:
        """List what was said besides the message: the ids in force and `extra=`."""
        ids = {"delivery": _delivery.get(), "run": _run.get()}
        said = {k: v for k, v in vars(record).items() if k not in _STANDARD}
        return {k: v for k, v in (ids | said).items() if v is not None}

    def trace(self, record: logging.LogRecord) -> str:
        return self.formatException(record.exc_info) if record.exc_info else ""


class TextFormatter(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts = "".join(f" {key}={value}" for key, value in self.facts(record).items())
        said = _CONTROL.sub(_spelled, f"{record.getMessage()}{facts}")
        line = f"{_time(record)} {record.levelname:7} {record.name}: {said}"
        # an error's text is anybody's too, so only Python's own line ends stay
        trace = [_CONTROL.sub(_spelled, one) for one in self.trace(record).split("\n")]
        return self.masker("\n    ".join([line, *trace]) if any(trace) else line)


class JsonFormatter(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said = {key: str(value) for key, value in self.facts(record).items()}
        line = {"at": _time(record), "level": record.levelname.lower(), "logger": record.name}
        line |= {"message": record.getMessage()} | said
        if record.exc_info:
            line["trace"] = self.trace(record)
        masked = {key: self.masker(value) for key, value in line.items()}
        return _CONTROL.sub(lambda c: f"\\u{ord(c[0]):04x}", json.dumps(masked, ensure_ascii=False))


def configure(form: Literal["text", "json"], secrets: Iterable[str] = ()) -> None:
    """Send the whole process's log to stderr, once; ``secrets`` are masked on write."""
    masker = Masker(secrets)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(masker) if form == "json" else TextFormatter(masker))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    sys.excepthook = _last_words
    # Libraries tell of every request and every workflow; their warnings are enough. DBOS puts a
    # handler of its own on its logger when it finds none there.
    engine = logging.getLogger("dbos")
    engine.addHandler(logging.NullHandler())
    for name in ("dbos", "alembic", "aiohttp.access", "httpx2", "google_genai"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _last_words(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Log what ends the process like all else: as a line of its own kind, and masked."""
    logging.getLogger(__name__).critical("the process ends", exc_info=(kind, error, trace))


def hide(*secrets: str) -> None:
    """Mask these too from now on, in the log that `configure` has set up."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, _Formatter):
            known = handler.formatter.masker.secrets
            if not known.issuperset(secrets):
                handler.formatter.masker = Masker(known.union(secrets))


def logger(name: str) -> logging.Logger:
    """Give a module's logger; facts go into `extra=`, each a `key=value` or a key of its own."""
    return logging.getLogger(name)


@contextmanager
def bound(*, delivery: str | None = None, run: str | None = None) -> Iterator[None]:
    """Name the delivery and the run in every line that is logged inside."""
    tokens = [(v, v.set(value)) for v, value in ((_delivery, delivery), (_run, run)) if value]
    try:
        yield
    finally:
        for variable, token in reversed(tokens):
            variable.reset(token)


def _spelled(control: re.Match[str]) -> str:
    return repr(control[0])[1:-1]


def _time(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, tz=UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
