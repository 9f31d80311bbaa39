"""Scenarios: what the model answers to whom, and how it misbehaves (YAML or JSON, no code)."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

ACTS = ("shell", "read", "write", "edit", "patch", "plan", "call", "say")
COMPANIONS = {"write": {"text"}, "edit": {"old", "new"}, "call": {"arguments"}}


class Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(Record):
    """One call of a tool, named by what it does; `say` goes out with the next call or the end."""

    shell: str | None = None
    """A command line."""
    read: str | None = None
    """A file, from the root of the tree."""
    write: str | None = None
    """A file that gets `text`."""
    text: str | None = None
    edit: str | None = None
    """A file in which `old`, which is there once, becomes `new`."""
    old: str | None = None
    new: str | None = None
    patch: str | None = None
    """A unified diff (`git apply -p1`)."""
    plan: tuple[str, ...] | None = None
    """The agent's own list of what it is about to do."""
    call: str | None = None
    """A tool by its own name, offered or not, with `arguments` as they are."""
    arguments: dict[str, Any] | None = None
    say: str | None = None
    expect: str | None = None
    """What the result of the call has to show (regular expression); else the play ends there."""

    @field_validator("expect")
    @classmethod
    def _expression(cls, value: str | None) -> str | None:
        return _compiled(value)

    @model_validator(mode="after")
    def _one_act(self) -> Self:
        given = {name for name, value in self if value is not None} - {"expect"}
        acts = given & set(ACTS)
        if len(acts) != 1:
            raise ValueError(f"a step has exactly one of {', '.join(ACTS)}")
        if given - acts != COMPANIONS.get(self.act, set()):
            words = "; ".join(f"`{act}`: {', '.join(sorted(w))}" for act, w in COMPANIONS.items())
            raise ValueError(f"these belong together, all of them: {words}")
        if self.expect is not None and self.act == "say":
            raise ValueError("`expect` looks at a tool's result; `say` has none")
        return self

    @property
    def act(self) -> str:
        return next(name for name in ACTS if getattr(self, name) is not None)


class Play(Record):
    """What happens in conversations whose prompt matches."""

    match: str = ""
    """A regular expression, searched in system and user texts; lines count (`(?ms)`)."""
    steps: tuple[Step, ...] = ()
    final: str = "Done."
    """Said when the steps are used up."""
    answers: tuple[Any, ...] = ()
    """Where an answer in a form is asked for: the n-th time the n-th; the last one repeats."""

    @field_validator("match")
    @classmethod
    def _expression(cls, value: str) -> str:
        return _compiled(value) or ""

    def fits(self, prompt: str) -> bool:
        return re.search(self.match, prompt, re.MULTILINE | re.DOTALL) is not None

    @property
    def calls(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.act != "say")

    def said_before(self, call: int) -> str:
        """Join what is said between the call before and this one (or the end)."""
        seen, said = 0, []
        for step in self.steps:
            if step.say is None:
                seen += 1
            elif seen == call:
                said.append(step.say)
        return "\n\n".join(said)


class Usage(Record):
    """Tokens of every answer; whether that is the truth is up to the scenario."""

    input: int = 1000
    """Cached ones too, whatever the API counts as input."""
    cached: int = 200
    output: int = 50
    """Reasoning ones too."""
    reasoning: int = 0
    omit: bool = False
    """Say nothing of it."""


class FaultKind(StrEnum):
    DELAY = "delay"  # answers after `seconds`
    HANG = "hang"  # never answers
    HTML = "html"  # a page in the place of JSON
    CUT = "cut"  # the answer breaks off in its middle
    STALL = "stall"  # a stream that stops in its middle, for `seconds`, and goes on
    STATUS = "status"  # an error of the API's own shape


class Fault(Record):
    """A way to misbehave."""

    kind: FaultKind
    after: Annotated[int, Field(ge=0)] = 0
    """So many calls go well before."""
    times: Annotated[int, Field(ge=1)] | None = 1
    """None: for ever."""
    seconds: Annotated[float, Field(ge=0)] = 1.0
    status: Annotated[int, Field(ge=400, le=599)] = 500
    message: str = "scripted fault"
    retry_after: str | None = None
    """Header of a `status`."""
    tools_only: bool = False
    """Count and hit calls that offer tools, not an agent's own small questions."""


class Scenario(Record):
    model: str = "scripted-model"
    models: tuple[str, ...] = ()
    """Further names in the list of models; any name is answered."""
    key: str | None = None
    """Refuse calls with another key (401)."""
    root: str = "/tree"
    """Where the tree lies, for tools that take absolute paths and a prompt that does not say."""
    usage: Usage = Usage()
    window: int | None = None
    """Refuse requests of more characters, as a model does whose context is full."""
    pace: Annotated[float, Field(ge=0)] = 0.0
    """Seconds between two pieces of a stream."""
    plays: Annotated[tuple[Play, ...], Field(min_length=1)]
    """The first one that matches."""
    faults: tuple[Fault, ...] = ()


def load(path: Path) -> Scenario:
    """Read a scenario; raises ValueError or OSError."""
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"is no YAML: {error}") from error
    return Scenario.model_validate(given)


def _compiled(value: str | None) -> str | None:
    try:
        re.compile(value or "")
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    return value
