"""What a review finds, and how an agent's answer becomes that."""

import json
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from bot.guard.sanitize import sanitize
from bot.runs import Json, Record

MOST_CHARACTERS = 400_000


class Severity(StrEnum):
    """The gravest first."""

    MUST = "must"  # a defect: one more attempt
    SHOULD = "should"  # a weakness
    NOTE = "note"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


class Finding(Record):
    """One thing that a reader of the change should know."""

    file: Annotated[str, Field(max_length=1000)] | None = None
    line: Annotated[int, Field(ge=1)] | None = None
    """Of the file on its ``side``; the last one of several."""
    first_line: Annotated[int, Field(ge=1)] | None = None
    """Where it is about several lines."""
    side: Literal["LEFT", "RIGHT"] = "RIGHT"
    """`LEFT`: the file before the change, for lines that were removed."""
    severity: Severity
    title: Annotated[str, Field(min_length=1, max_length=300)]
    reason: Annotated[str, Field(max_length=2000)] = ""
    suggestion: Annotated[str, Field(max_length=4000)] | None = None
    """What the lines should be instead, where that mends it."""


class Review(Record):
    findings: Annotated[tuple[Finding, ...], Field(max_length=500)] = ()


SCHEMA: dict[str, Json] = Review.model_json_schema()
"""The shape that reviewers are asked for."""


def take(answer: Json) -> tuple[Finding, ...]:
    """Read a reviewer's answer, cleaned of what nobody sees; raises ValueError."""
    if isinstance(answer, str):
        answer = json.loads(answer[:MOST_CHARACTERS])
    if isinstance(answer, list):
        answer = {"findings": answer}
    if len(json.dumps(answer)) > MOST_CHARACTERS:
        raise ValueError(f"longer than {MOST_CHARACTERS:,} characters")
    try:
        found = Review.model_validate(answer).findings
    except ValidationError as error:
        raise ValueError(f"{error.error_count()} faults in its shape") from error
    return tuple(_clean(finding) for finding in found)


def written(findings: tuple[Finding, ...]) -> str:
    """Findings as text for the next attempt."""
    return "\n".join(
        f"- {finding.severity}: {_where(finding)}{finding.title} {finding.reason}".rstrip()
        for finding in findings
    )


def _where(finding: Finding) -> str:
    if finding.file is None:
        return ""
    return f"{finding.file}:{finding.line}: " if finding.line else f"{finding.file}: "


def _clean(finding: Finding) -> Finding:
    texts = {"title": finding.title, "reason": finding.reason}
    clean = {name: sanitize(text).text.strip() for name, text in texts.items()}
    return finding.model_copy(update={**clean, "title": clean["title"] or "(nothing readable)"})
