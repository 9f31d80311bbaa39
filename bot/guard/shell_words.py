"""Read the words of a shell command: what quotes, variables and substitutions make of them.

No shell: what only a running one can know is marked as computed.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.guard.shell_text import Unreadable, braces, unescaped

LONGEST = 100_000
_PLAIN = re.compile(r"[^\s'\"\\$`;&|()<>#]+")
_PLAIN_IN_QUOTES = re.compile(r'[^"\\$`]+')
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    text: str
    """As the program gets it; what only a shell could know stands as it was written."""
    computed: bool = False
    inner: tuple["Simple", ...] = ()
    """Commands whose output stands in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simple:
    """One program and its words."""

    words: tuple[Word, ...]
    writes: tuple[Word, ...] = ()
    """Files that its output goes to."""
    given: str | None = None
    """What is written in the command itself for its stdin (`<<EOF`, `<<<`)."""
    source: "Simple | None" = None
    """The program whose output it reads."""

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(word.text for word in self.words)

    @property
    def pipeline(self) -> "Iterator[Simple]":
        """Yield the programs before it in its pipeline, the nearest first."""
        before = self.source
        while before is not None:
            yield before
            before = before.source


@dataclass(slots=True)
class Draft:
    """The word that is being read."""

    text: str = ""
    begun: bool = False
    quoted: bool = False
    escaped: bool = False
    split: bool = False
    computed: bool = False
    inner: list[Simple] = field(default_factory=list)


@dataclass(slots=True)
class WordReader(ABC):
    """Takes the pieces of a word from the text; whoever reads commands takes over at `$(…)`."""

    text: str
    at: int = 0
    depth: int = 0
    found: list[Simple] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    draft: Draft = field(default_factory=Draft)

    @abstractmethod
    def nested(self, until: str) -> None:
        """Read a command whose output becomes part of the word."""

    def part(self, char: str) -> None:
        """Read a piece of a word."""
        self.at += 1
        match char:
            case "'":
                self.draft.quoted = True
                self.draft.text += self._up_to("'")
            case '"':
                self.draft.quoted = True
                self.quoted(until='"')
            case "\\":
                self.draft.escaped = True
                self.draft.text += self._escaped()
            case "$":
                self._dollar(quoted=False)
            case "`":
                self.nested("`")
            case _:
                self.draft.text += char + self._run(_PLAIN)

    def quoted(self, *, until: str) -> None:
        """Read as between double quotes: up to ``until``, or to the end where that is empty."""
        while self.at < len(self.text):
            char = self.text[self.at]
            self.at += 1
            if char == until:
                return
            if char == "\\":
                follows = self.text[self.at : self.at + 1]
                self.draft.text += self._escaped() if follows in '$`"\\\n' else "\\"
            elif char == "$":
                self._dollar(quoted=True)
            elif char == "`":
                self.nested("`")
            else:
                self.draft.text += char + self._run(_PLAIN_IN_QUOTES)
        if until:
            raise Unreadable('it lacks a `"`')

    def _run(self, ordinary: "re.Pattern[str]") -> str:
        """Take all characters at once that mean nothing to a shell."""
        match = ordinary.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return match[0] if match else ""

    def _dollar(self, *, quoted: bool) -> None:
        follows = self.text[self.at : self.at + 1]
        if follows == "(":
            self.at += 1
            self.nested(")")
        elif follows == "{":
            self.at += 1
            self._variable(self._up_to("}"), quoted=quoted)
        elif follows == "'" and not quoted:
            self.at += 1
            self.draft.text += self._ansi()
            self.draft.quoted = True
        elif name := _NAME.match(self.text, self.at):
            self.at = name.end()
            self._variable(name[0], quoted=quoted)
        elif follows and follows in "@*#?$!-0123456789":
            self.at += 1
            self.draft.computed = True
            self.draft.text += f"${follows}"
        else:
            self.draft.text += "$"

    def _variable(self, name: str, *, quoted: bool) -> None:
        if name == "IFS":
            value: str | None = " "
        else:
            value = self.variables.get(name)
        if value is None:
            self.draft.computed = True
            self.draft.text += f"${name}" if _NAME.fullmatch(name) else f"${{{name}}}"
            return
        if len(self.draft.text) + len(value) > LONGEST:
            raise Unreadable("its variables make it too long to be read")
        self.draft.text += value
        self.draft.split |= not quoted

    def _up_to(self, mark: str) -> str:
        end = self.text.find(mark, self.at)
        if end < 0:
            raise Unreadable(f"it lacks a `{mark}`")
        begin, self.at = self.at, end + 1
        return self.text[begin:end]

    def _escaped(self) -> str:
        char = self.text[self.at : self.at + 1]
        self.at += 1
        return "" if char == "\n" else char

    def _ansi(self) -> str:
        body = re.compile(r"((?:[^'\\]|\\.)*)'", re.DOTALL).match(self.text, self.at)
        if body is None:
            raise Unreadable("it lacks a `'`")
        self.at = body.end()
        return unescaped(body[1])


def pieces(draft: Draft) -> list[str]:
    """Give the words that one word becomes: by the blanks of its variables, and by its braces."""
    texts = draft.text.split() if draft.split else [draft.text]
    return texts if draft.quoted else [piece for text in texts for piece in braces(text)]
