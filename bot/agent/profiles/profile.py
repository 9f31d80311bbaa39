"""A profile: everything that is particular about one agent program, as data."""

import re
from collections.abc import Mapping
from enum import StrEnum
from string import Template
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from bot.agent.runtime import Api, Asks
from bot.runs import Json, Record

WORDS = frozenset({"url", "model", "window", "agent", "node", "platform", "prompt"})
"""What `argv`, `env` and `files` may name as `${word}`."""

OUTPUT = 8192
"""Tokens of an answer that programs ask for which would ask for many more: the gateway sets aside
what they cost before a call goes out."""

_Path = Annotated[str, Field(pattern=r"^[A-Za-z0-9._][A-Za-z0-9._/-]{0,200}$")]
_Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,100}$")]


class AgentProtocol(StrEnum):
    """How an agent program is talked to."""

    ACP = "acp"  # the Agent Client Protocol on stdin and stdout
    HEADLESS = "headless"  # one prompt in, lines out


class Parser(StrEnum):
    """Whose lines a headless program writes."""

    CODEX = "codex"  # codex exec --json
    CLAUDE = "claude"  # claude -p --output-format stream-json
    OPENCODE = "opencode"  # opencode run --format json
    GEMINI = "gemini"  # gemini -p --output-format stream-json
    TEXT = "text"  # whatever it prints is a message


class Package(Record):
    """What `make agents` installs: a package of npm with its own lock file."""

    folder: _Path
    """Below the directory of agents; profiles of one package share it."""
    name: Annotated[str, Field(pattern=r"^(@[a-z0-9._-]+/)?[a-z0-9._-]+$")]
    version: Annotated[str, Field(pattern=r"^[0-9][0-9A-Za-z.+-]*$")]
    licence: str
    """SPDX name, or words where it is no open one."""


class Profile(Record):
    """One agent program; an operator's own stand under `profiles:` of the models file."""

    protocol: AgentProtocol
    argv: Annotated[tuple[str, ...], Field(min_length=1)]
    """In the box; may name `${agent}` (where its package stands), `${node}`, `${platform}`
    (`linux-x64`), `${url}` (the model's address), `${model}`, `${window}` (tokens), and a headless
    one `${prompt}`, which otherwise goes to its stdin."""
    package: Package | None = None
    """None: the program is one of the box's own."""
    env: Mapping[_Variable, str] = Field(default_factory=dict)
    """All of its environment beside PATH, LANG and HOME; the same words are filled in."""
    files: Mapping[_Path, str] = Field(default_factory=dict)
    """What lies in its fresh HOME when it starts; the same words but `${url}`."""
    apis: frozenset[Api] = Field(min_length=1)
    asks: Asks = Asks.NOTHING
    """For how much of what it does it asks, configured as it is here."""
    reports_plan: bool = False
    reports_usage: bool = False
    label: str | None = None
    """What comment, pull request and trailer have to say of it."""
    authenticate: str | None = None
    """ACP: the method to authenticate by, where it asks for one."""
    mode: str | None = None
    """ACP: the session mode to set."""
    session: Mapping[str, Json] = Field(default_factory=dict)
    """ACP: `_meta` of a new session."""
    parser: Parser = Parser.TEXT
    """Headless: whose lines it writes."""
    hides: tuple[_Path, ...] = ()
    """Files and directories at the root of the tree that it must not see, beside those that are
    hidden from every agent."""

    @field_validator("argv")
    @classmethod
    def _known_argv(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for word in value:
            _require_known(word)
        return value

    @field_validator("env", "files")
    @classmethod
    def _known_words(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for name, text in value.items():
            _require_known(text)
            if ".." in name.split("/"):
                raise ValueError(f"`{name}` leads out of HOME")
        return value

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        used = "".join((*self.argv, *self.env.values(), *self.files.values()))
        if self.protocol is AgentProtocol.ACP and "${prompt}" in used:
            raise ValueError("`${prompt}` is for headless agents; an ACP agent is told over ACP")
        if any("${prompt}" in text or "${url}" in text for text in self.files.values()):
            raise ValueError("`files` cannot name `${prompt}` or `${url}`; `argv` and `env` can")
        if self.package is None and ("${agent}" in used or "${node}" in used):
            raise ValueError("`${agent}` and `${node}` need a `package`")
        return self


def filled(text: str, words: Mapping[str, str]) -> str:
    """Put the values in the place of their names."""
    return Template(text).substitute(words)


def _require_known(text: str) -> None:
    template = Template(text)
    if not template.is_valid():
        raise ValueError(f"`{text[:60]}` has a `$` that names nothing; write `$$` for a dollar")
    unknown = set(template.get_identifiers()) - WORDS
    if unknown:
        known = ", ".join(f"${{{word}}}" for word in sorted(WORDS))
        raise ValueError(f"`${{{min(unknown)}}}` is unknown; known: {known}")
    if re.search(r"\0", text):
        raise ValueError("a NUL cannot be handed over")
