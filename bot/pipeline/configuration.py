"""What a repository may choose in its ``.github/coppice.yml``, and every way to get it wrong.

``python -m bot.pipeline.configuration`` prints the JSON Schema that editors use
(``docs/coppice.schema.json``).
"""

import json
import re
import sys
from difflib import get_close_matches
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
)

from bot.errors import UserError
from bot.pipeline.strict_yaml import parse
from bot.runs import Publish

PATH = ".github/coppice.yml"
SETUP = "setup"
"""The command of this name runs before all others, wherever it stands."""
BUILT = frozenset({Publish.PR})
"""The ways of publishing that there are so far."""

_WORDS = {
    "dict_type": "must be a map of keys to values",
    "model_type": "must be a map of keys to values",
    "string_type": "must be text",
    "int_type": "must be a whole number",
}

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,49}$")]
Command = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


def _branch(name: str) -> str:
    """Refuse what ``git check-ref-format`` refuses, and what a command line could take amiss."""
    if re.search(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)", name):
        raise ValueError("is not a name that a branch can have")
    if name[0] in "-./" or name[-1] in "./" or name == "@":
        raise ValueError("is not a name that a branch can have")
    return name


Branch = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_branch)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Limits(_Part):
    """How much a run may use; what is over a limit blocks it."""

    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    """How often the agent may try before the run has failed."""
    command_seconds: Annotated[int, Field(ge=1, le=14_400)] = 600
    """Seconds that one command may take."""
    agent_seconds: Annotated[int, Field(ge=1, le=14_400)] = 1800
    """Seconds that one attempt of the agent may take."""
    files: Annotated[int, Field(ge=1, le=3000)] = 100
    """Files that one run may change."""
    file_bytes: Annotated[int, Field(ge=1, le=100_000_000)] = 5_000_000
    """Size of the largest file that a run may write."""
    total_bytes: Annotated[int, Field(ge=1, le=1_000_000_000)] = 10_000_000
    """Size of all files together that a run may write."""
    open_pull_requests: Annotated[int, Field(ge=1, le=100)] = 3
    """Pull requests of Coppice that may be open at once; further runs wait."""


class TriggerChoice(_Part):
    label: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)] = (
        "coppice"
    )
    """Putting this label on an issue starts a run; taking it off stops the run."""


class RepositoryConfig(_Part):
    """A repository without the file gets these defaults."""

    verify: dict[Name, Command] = {}
    """Commands that judge the work, in this order; if `setup`, the first, fails, no other runs."""
    limits: Limits = Limits()
    trigger: TriggerChoice = TriggerChoice()
    base: Branch | None = None
    """Branch to work on and to open pull requests against; the default branch if not named."""
    publish: Annotated[Publish, Field(strict=False)] = Publish.PR
    """How far a run goes: `pr` opens a draft pull request."""
    ci: Literal["ask", "auto"] = "ask"
    """`ask`: pushes carry `[skip ci]` until somebody with write access asks for CI."""
    red_base: Literal["continue", "stop"] = "continue"
    """What to do when the commands fail on the base already."""
    pipeline: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")] = "fix"
    """The pipeline that a run goes through."""

    @field_validator("verify")
    @classmethod
    def _setup_first(cls, commands: dict[str, str]) -> dict[str, str]:
        first = {SETUP: commands[SETUP]} if SETUP in commands else {}
        return first | commands

    @field_validator("publish")
    @classmethod
    def _built(cls, publish: Publish) -> Publish:
        if publish not in BUILT:
            raise ValueError(f"`{publish}` is not built yet; there is `pr`")
        return publish


@lru_cache(256)
def load(text: str) -> RepositoryConfig:
    """Read a configuration; an empty one is the defaults.

    Raises UserError that names the key and the nearest one that there is.
    """
    data = parse(text)
    if data is None:
        return RepositoryConfig()
    if not isinstance(data, dict):
        raise UserError("It must be a map of keys to values, such as `trigger: {label: coppice}`.")
    try:
        return RepositoryConfig.model_validate(data)
    except ValidationError as error:
        raise UserError("\n".join(dict.fromkeys(_said(one) for one in error.errors()))) from error


def schema() -> str:
    """Return the JSON Schema that editors complete and check by."""
    body = RepositoryConfig.model_json_schema()
    body["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    body["title"] = "Coppice"
    body["properties"]["publish"]["enum"] = sorted(BUILT)
    return json.dumps(body, indent=2) + "\n"


def _said(error: Any) -> str:
    at = [str(part) for part in error["loc"] if part != "[key]"]
    key = ".".join(at)
    if error["type"] == "extra_forbidden":
        known = _known(at[:-1])
        near = get_close_matches(at[-1], known, n=1, cutoff=0.5)
        hint = f"did you mean `{near[0]}`?" if near else f"there is: {', '.join(known)}."
        return f"Unknown key `{key}`; {hint}"
    message = _WORDS.get(error["type"], error["msg"].removeprefix("Value error, "))
    return f"`{key}`: {message[:1].lower()}{message[1:]}."


def _known(at: list[str]) -> list[str]:
    fields = RepositoryConfig.model_fields
    for part in at:
        fields = fields[part].annotation.model_fields  # type: ignore[union-attr]
    return list(fields)


if __name__ == "__main__":
    sys.stdout.write(schema())
