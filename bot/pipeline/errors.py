"""Name what a failing command died of, by classes that are data (`prompts/errors.yaml`)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, ValidationError, field_validator

from bot.errors import OperatorError
from bot.runs import Record

OURS = Path(__file__).resolve().parents[2] / "prompts" / "errors.yaml"
WINDOW = 64 * 1024
"""Characters at the end of a log that are looked at."""
LONGEST_LINE = 2000
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_VOLATILE = re.compile(
    r"0x[0-9a-f]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|\d+\.\d+|\b(?=[a-f]*\d)[0-9a-f]{7,64}\b"  # commits, digests; words have no digit
    r"|\d+|/tmp/\S+"
)


class ErrorClass(Record):
    """One kind of failure."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_.]{0,59}$")
    match: Annotated[tuple[str, ...], Field(min_length=1)]
    hint: str
    hard: bool = False

    @field_validator("match")
    @classmethod
    def _compiles(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"`{pattern}` is no regular expression: {error}") from error
        return patterns


class _Document(Record):
    classes: tuple[ErrorClass, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What a log says of its end."""

    kind: ErrorClass
    what: str
    """What tells it from others of its class; empty where nothing does."""
    line: str

    @property
    def fingerprint(self) -> str:
        """Equal for the same failure of another try: no numbers, times, addresses."""
        return f"{self.kind.key}\n{lasting(self.what)}"


def lasting(text: str) -> str:
    """What is the same in another try: without numbers, times, addresses and ids."""
    return _VOLATILE.sub("#", text)


def load(*paths: Path) -> tuple[ErrorClass, ...]:
    """Read classes from files, the first ones first; raises OperatorError that names the fault."""
    return tuple(each for path in paths for each in _read(path))


@lru_cache(1)
def known() -> tuple[ErrorClass, ...]:
    """The classes that come with Coppice."""
    return load(OURS)


def classify(log: str, classes: Sequence[ErrorClass]) -> Failure | None:
    """Find the failure nearest to the end of a log; None: nothing that is known."""
    for line in reversed(_lines(log)):
        if found := _of_line(line, classes):
            return found
    return None


def _of_line(line: str, classes: Sequence[ErrorClass]) -> Failure | None:
    """Of several classes in one line, the one that stands last in it."""
    found = [(match.start(), -n, match) for n, match in _matches(line, classes)]
    if not found:
        return None
    _, n, match = max(found, key=lambda each: each[:2])
    what = match.groupdict().get("what") or ""
    return Failure(kind=classes[-n], what=what.strip(), line=line.strip())


def _matches(line: str, classes: Sequence[ErrorClass]) -> Iterator[tuple[int, re.Match[str]]]:
    for n, kind in enumerate(classes):
        for pattern in kind.match:
            if match := _compiled(pattern).search(line):
                yield n, match
                break


@lru_cache(1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _lines(log: str) -> list[str]:
    text = _COLOURS.sub("", log[-WINDOW:]).replace("\r", "\n")
    return [line[:LONGEST_LINE] for line in text.splitlines() if line.strip()]


def _read(path: Path) -> tuple[ErrorClass, ...]:
    try:
        return _Document.model_validate(yaml.safe_load(path.read_text())).classes
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise OperatorError(f"the error classes in {path} cannot be read: {error}") from error
