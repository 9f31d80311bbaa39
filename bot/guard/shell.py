"""Read a shell command far enough to see which programs it starts with which words.

No shell: words that only a running one can know are marked as computed. What cannot be read at all
raises Unreadable, so that whoever judges can refuse it.
"""

import re
from dataclasses import dataclass, field, replace
from itertools import islice

from bot.guard.shell_text import Unreadable
from bot.guard.shell_words import LONGEST, Draft, Simple, Word, WordReader, pieces

__all__ = ["Simple", "Unreadable", "Word", "read"]

DEEPEST = 12
NEAR = 5
"""Pipes that a text written in the command is followed through."""
MOST_COMMANDS = 2000
_BLOCKS = ("if", "then", "elif", "else", "fi", "do", "done", "while", "until", "!", "{", "}")
_RESERVED = frozenset((*_BLOCKS, "time", "-p", "coproc"))
"""Words before a program, `time -p` among them."""
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\+?=(.*)", re.DOTALL)


def read(text: str) -> list[Simple]:
    """Return every program that the command starts, in their order; raises Unreadable."""
    if len(text) > LONGEST:
        raise Unreadable("it is too long to be read")
    if "\0" in text:
        raise Unreadable("it has a NUL in it")
    reader = _Reader(text=text)
    reader.read(until="")
    return reader.found


@dataclass(slots=True)
class _Line:
    """The simple command that is being read."""

    words: list[Word] = field(default_factory=list)
    writes: list[Word] = field(default_factory=list)
    given: str | None = None
    target: str = ""
    """The redirection whose file comes next."""


@dataclass(slots=True)
class _Document:
    """A `<<EOF` whose text comes with the next line."""

    mark: str
    verbatim: bool
    """Its mark is quoted: no shell looks into it."""
    of: Simple | None = None


@dataclass(slots=True)
class _Reader(WordReader):
    _line: _Line = field(default_factory=_Line)
    _piped: Simple | None = None
    _waiting: list[_Document] = field(default_factory=list)
    _groups: int = 0

    def read(self, *, until: str) -> None:
        """Read up to ``until`` (`)` or a backtick), which is taken, or to the end."""
        if self.depth > DEEPEST:
            raise Unreadable("it is nested too deep to be read")
        while self.at < len(self.text):
            char = self.text[self.at]
            if until and char == until and not (char == ")" and self._groups):
                self.at += 1
                self._end_command()
                return
            self._one(char)
        if until:
            raise Unreadable(f"it lacks a `{until}`")
        self._end_command()

    def _one(self, char: str) -> None:
        if char in " \t\r":
            self.at += 1
            self._end_word()
        elif char == "\n":
            self.at += 1
            self._end_command()
            self._take_documents()
        elif char == "#" and not self.draft.begun:
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end
        elif char in ";&|()":
            self._operator(char)
        elif char in "<>":
            self._redirect(char)
        else:
            self.draft.begun = True
            self.part(char)

    def nested(self, until: str) -> None:
        """Read a command whose output becomes part of the word."""
        reader = _Reader(text=self.text, at=self.at, depth=self.depth + 1, variables=self.variables)
        reader.read(until=until)
        self.at = reader.at
        self.found += reader.found
        self.draft.begun = self.draft.computed = True
        self.draft.inner += reader.found
        self.draft.text += "$(…)"

    def _operator(self, char: str) -> None:
        two = self.text[self.at : self.at + 2]
        if two == "&>":
            self.at += 1
            self._redirect(">")
            return
        self.at += 2 if two in ("&&", "||", "|&", ";;") else 1
        ended = self._end_command()
        self._groups = max(0, self._groups + {"(": 1, ")": -1}.get(char, 0))
        if two != "||" and char == "|":
            self._piped = ended

    def _redirect(self, char: str) -> None:
        if self.text.startswith(("<(", ">("), self.at):
            self.at += 2
            self.nested(")")
            return
        if self.draft.text.isdigit() and not self.draft.quoted:
            self.draft = Draft()
        self._end_word()
        for mark in ("<<<", "<<-", "<<", "<>", "<&", ">>", ">&", ">|", "<", ">"):
            if self.text.startswith(mark, self.at):
                self.at += len(mark)
                self._line.target = mark
                return

    def _end_word(self) -> None:
        draft, self.draft = self.draft, Draft()
        if not draft.begun:
            return
        words = [
            Word(text=text, computed=draft.computed, inner=tuple(draft.inner))
            for text in pieces(draft)
        ]
        mark, self._line.target = self._line.target, ""
        if not mark:
            self._line.words += words
        elif mark in ("<<", "<<-"):
            self._waiting.append(_Document(mark=draft.text, verbatim=draft.quoted or draft.escaped))
        elif mark == "<<<":
            self._line.given = draft.text
        elif mark.startswith(">") or mark == "<>":
            self._line.writes += [
                word for word in words if not (mark == ">&" and word.text.isdigit())
            ]

    def _end_command(self) -> Simple | None:
        self._end_word()
        line, self._line = self._line, _Line()
        piped, self._piped = self._piped, None
        words = line.words
        while words and words[0].text in (*_RESERVED, "function"):
            words = words[2:] if words[0].text == "function" else words[1:]
        while words and (assigned := _ASSIGNMENT.fullmatch(words[0].text)):
            if not words[0].computed:
                self.variables[assigned[1]] = assigned[2]
            words = words[1:]
        if not words and not line.writes:
            self._own(self.found[-1] if self.found else None)
            return None
        simple = Simple(
            words=tuple(words), writes=tuple(line.writes), given=line.given, source=piped
        )
        if len(self.found) >= MOST_COMMANDS:
            raise Unreadable("it is too long to be read")
        self.found.append(simple)
        self._own(simple)
        return simple

    def _own(self, simple: Simple | None) -> None:
        """The texts that were announced are for this one: `sh <<A`, or `{ sh; } <<A`."""
        for document in reversed(self._waiting if simple else ()):
            if document.of is not None:
                break
            document.of = simple

    def _take_documents(self) -> None:
        """Read the texts of `<<EOF`, which belong to the command that they stand behind."""
        given: dict[int, str] = {}
        inner: list[Simple] = []
        for document in self._waiting:
            text = self._document(document.mark)
            given[id(document.of)] = given.get(id(document.of), "") + text
            if not document.verbatim:
                inner += self._run_in(text)
        if given:
            self.found = [_with(given, one) for one in self.found]
        self.found += inner
        self._waiting = []

    def _document(self, mark: str) -> str:
        lines = []
        while self.at < len(self.text):
            end = self.text.find("\n", self.at)
            line = self.text[self.at : len(self.text) if end < 0 else end]
            self.at = len(self.text) if end < 0 else end + 1
            if line.strip() == mark:
                break
            lines.append(line)
        return "\n".join(lines)

    def _run_in(self, text: str) -> list[Simple]:
        """What a shell runs while it reads a text whose mark is not quoted."""
        reader = _Reader(text=text, depth=self.depth + 1, variables=self.variables)
        reader.quoted(until="")
        return reader.found


def _with(given: dict[int, str], one: Simple) -> Simple:
    """Hand a command the texts that are its own, and those that come to it through few pipes."""
    sources = (one, *islice(one.pipeline, NEAR))
    texts = [given[id(source)] for source in sources if id(source) in given]
    return replace(one, given=f"{one.given or ''}{''.join(texts)}") if texts else one
