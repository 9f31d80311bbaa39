"""A plan: the contract that people approve and code holds the work against."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from bot.runs.record import Record
from bot.runs.spending import Budget

Sentence = Annotated[str, Field(min_length=1, max_length=1000)]


class FileAction(StrEnum):
    ADD = "add"
    CHANGE = "change"
    DELETE = "delete"


class Check(Record):
    """How a step is seen to be done."""

    command: Annotated[str, Field(max_length=1000)] | None = None
    """For /bin/sh in the box; None: a person has to look."""
    expected: Sentence
    """`exit 0`, `fails on main`, or words."""


class Step(Record):
    description: Sentence
    check: Check | None = None


class PlannedFile(Record):
    """Files that the work may touch; what no entry names, it may not."""

    glob: Annotated[str, Field(min_length=1, max_length=300)]
    """A path from the root of the repository, `*` within a name and `**` across folders."""
    action: FileAction
    purpose: Sentence


class Plan(Record):
    """What the work will be; validated against the repository before anybody sees it."""

    summary: Annotated[str, Field(min_length=1, max_length=2000)]
    """The cause, so that a reader sees that it was understood."""
    decision: Annotated[str, Field(max_length=1000)] | None = None
    """The one thing that a person has to judge."""
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=50)]
    files: Annotated[tuple[PlannedFile, ...], Field(min_length=1, max_length=100)]
    leaves: Annotated[tuple[Sentence, ...], Field(max_length=20)] = ()
    """What the issue asks for and this leaves undone: the work is a part, and closes nothing."""
    not_covered: Annotated[tuple[Sentence, ...], Field(max_length=20)] = ()
    risks: Annotated[tuple[Sentence, ...], Field(max_length=20)] = ()
    estimate: Budget | None = None
    """What it will probably cost."""
