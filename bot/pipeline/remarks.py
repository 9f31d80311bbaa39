"""Which findings a review of somebody's pull request says: grave ones first, nothing twice. Pure.

A finding has two fingerprints: of its words, and of the line that it is about. Either one known
means that it was said before, because models find other words for the same thing each time.
"""

import hashlib
from collections.abc import Iterable, Sequence

from bot.pipeline.configuration import ReviewChoice
from bot.pipeline.findings import Finding
from bot.pipeline.placing import FileDifference, line_of
from bot.runs import Record

MOST_LISTED = 50
"""Findings that a summary names beside those at lines; the others wait for the next review."""
TELLING = 6
"""Characters that a line needs to be told from others."""
_NOTHING = "0" * 12


class Print(Record):
    """What a finding is known by."""

    words: str
    place: str
    """Twelve zeros where it stands at no line that could be told from others."""

    @property
    def text(self) -> str:
        """As a marker carries it."""
        return f"{self.words}.{self.place}"


class Looked(Record):
    """What a reviewer saw, and the fingerprints of what was found, in the order of findings."""

    commit: str
    files: int
    left_out: tuple[tuple[str, str], ...] = ()
    prints: tuple[Print, ...] = ()


class Remark(Record):
    """A finding that is said, and what it is known by."""

    finding: Finding
    known_by: Print


class Said(Record):
    """What becomes of the findings of one review."""

    at_lines: tuple[Remark, ...] = ()
    listed: tuple[Remark, ...] = ()
    """Those that stand in the summary."""
    unsaid: int = 0
    """More than one review can hold."""
    below: int = 0
    """Less grave than the repository wants to hear of."""
    before: int = 0
    """Said in an earlier review of ours."""

    @property
    def new(self) -> tuple[Remark, ...]:
        return (*self.at_lines, *self.listed)


def fingerprint(finding: Finding, files: Sequence[FileDifference]) -> Print:
    line = line_of(finding, files).strip()
    place = _digest(finding.file or "", finding.side, line) if len(line) >= TELLING else _NOTHING
    return Print(
        words=_digest(finding.file or "", " ".join(finding.title.lower().split())), place=place
    )


def choose(
    findings: Sequence[Finding], looked: Looked, known: Iterable[str], review: ReviewChoice
) -> Said:
    """Put aside what is not grave enough or was said before, and spread the rest.

    ``known`` are the fingerprints (``Print.text``) of everything that we said before.
    """
    pairs = [Remark(finding=f, known_by=p) for f, p in zip(findings, looked.prints, strict=True)]
    grave = [pair for pair in pairs if pair.finding.severity.rank <= review.threshold.rank]
    new = _new(grave, known)
    new.sort(key=lambda pair: pair.finding.severity.rank)
    at_lines = [pair for pair in new if pair.finding.line is not None][: review.comments]
    taken = {pair.known_by.text for pair in at_lines}
    rest = [pair for pair in new if pair.known_by.text not in taken]
    return Said(
        at_lines=tuple(at_lines),
        listed=tuple(rest[:MOST_LISTED]),
        unsaid=max(0, len(rest) - MOST_LISTED),
        below=len(pairs) - len(grave),
        before=len(grave) - len(new),
    )


def _new(pairs: Sequence[Remark], known: Iterable[str]) -> list[Remark]:
    split = [text.partition(".") for text in known]
    words, places = {part[0] for part in split}, {part[2] for part in split} - {_NOTHING}
    found: list[Remark] = []
    for pair in pairs:
        if pair.known_by.words in words or pair.known_by.place in places:
            continue
        words.add(pair.known_by.words)  # the same words twice in one answer are one finding
        found.append(pair)
    return found


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()[:12]
