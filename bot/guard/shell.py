"""Read a shell command far enough to see which programs it starts with which words.

No shell: words that only a running one can know are marked as computed. What cannot be read at all
raises Unreadable, so that whoever judges can refuse it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from bot.guard.shell_text import Unreadable, braces, unescaped

DEEPEST = 12
LONGEST = 100_000
MOST_COMMANDS = 2000
_RESERVED = frozenset(
    ("if", "then", "elif", "else", "fi", "do", "done", "while", "until", "!", "{", "}", "time")
)
_PLAIN = re.compile(r"[^\s'\"\\$`;&|()<>#]+")
_PLAIN_IN_QUOTES = re.compile(r'[^"\\$`]+')
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\+?=(.*)", re.DOTALL)


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
class _Draft:
    """The word that is being read."""

    text: str = ""
    begun: bool = False
    quoted: bool = False
    split: bool = False
    computed: bool = False
    inner: list[Simple] = field(default_factory=list)


@dataclass(slots=True)
class _Line:
    """The simple command that is being read."""

    words: list[Word] = field(default_factory=list)
    writes: list[Word] = field(default_factory=list)
    given: str | None = None
    target: str = ""
    """The redirection whose file comes next."""


@dataclass(slots=True)
class _Reader:
    text: str
    at: int = 0
    depth: int = 0
    found: list[Simple] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    _draft: _Draft = field(default_factory=_Draft)
    _line: _Line = field(default_factory=_Line)
    _piped: Simple | None = None
    _waiting: list[str] = field(default_factory=list)
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
        elif char == "#" and not self._draft.begun:
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end
        elif char in ";&|()":
            self._operator(char)
        elif char in "<>":
            self._redirect(char)
        else:
            self._draft.begun = True
            self._part(char)

    def _part(self, char: str) -> None:
        """Read a piece of a word."""
        self.at += 1
        match char:
            case "'":
                self._draft.quoted = True
                self._draft.text += self._up_to("'")
            case '"':
                self._draft.quoted = True
                self._double()
            case "\\":
                self._draft.text += self._escaped()
            case "$":
                self._dollar(quoted=False)
            case "`":
                self._nested("`")
            case _:
                self._draft.text += char + self._run(_PLAIN)

    def _double(self) -> None:
        while self.at < len(self.text):
            char = self.text[self.at]
            self.at += 1
            if char == '"':
                return
            if char == "\\":
                follows = self.text[self.at : self.at + 1]
                self._draft.text += self._escaped() if follows in '$`"\\\n' else "\\"
            elif char == "$":
                self._dollar(quoted=True)
            elif char == "`":
                self._nested("`")
            else:
                self._draft.text += char + self._run(_PLAIN_IN_QUOTES)
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
            self._nested(")")
        elif follows == "{":
            self.at += 1
            self._variable(self._up_to("}"), quoted=quoted)
        elif follows == "'" and not quoted:
            self.at += 1
            self._draft.text += self._ansi()
            self._draft.quoted = True
        elif name := _NAME.match(self.text, self.at):
            self.at = name.end()
            self._variable(name[0], quoted=quoted)
        elif follows and follows in "@*#?$!-0123456789":
            self.at += 1
            self._draft.computed = True
            self._draft.text += f"${follows}"
        else:
            self._draft.text += "$"

    def _variable(self, name: str, *, quoted: bool) -> None:
        if name == "IFS":
            value: str | None = " "
        else:
            value = self.variables.get(name)
        if value is None:
            self._draft.computed = True
            self._draft.text += f"${name}" if _NAME.fullmatch(name) else f"${{{name}}}"
            return
        if len(self._draft.text) + len(value) > LONGEST:
            raise Unreadable("its variables make it too long to be read")
        self._draft.text += value
        self._draft.split |= not quoted

    def _nested(self, until: str) -> None:
        """Read a command whose output becomes part of the word."""
        reader = _Reader(text=self.text, at=self.at, depth=self.depth + 1, variables=self.variables)
        reader.read(until=until)
        self.at = reader.at
        self.found += reader.found
        self._draft.begun = self._draft.computed = True
        self._draft.inner += reader.found
        self._draft.text += "$(…)"

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
            self._nested(")")
            return
        if self._draft.text.isdigit() and not self._draft.quoted:
            self._draft = _Draft()
        self._end_word()
        for mark in ("<<<", "<<-", "<<", "<>", "<&", ">>", ">&", ">|", "<", ">"):
            if self.text.startswith(mark, self.at):
                self.at += len(mark)
                self._line.target = mark
                return

    def _end_word(self) -> None:
        draft, self._draft = self._draft, _Draft()
        if not draft.begun:
            return
        words = [
            Word(text=text, computed=draft.computed, inner=tuple(draft.inner))
            for text in _pieces(draft)
        ]
        mark, self._line.target = self._line.target, ""
        if not mark:
            self._line.words += words
        elif mark in ("<<", "<<-"):
            self._waiting.append(draft.text)
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
        while words and words[0].text in _RESERVED:
            words = words[1:]
        while words and (assigned := _ASSIGNMENT.fullmatch(words[0].text)):
            if not words[0].computed:
                self.variables[assigned[1]] = assigned[2]
            words = words[1:]
        if not words and not line.writes:
            return None
        simple = Simple(
            words=tuple(words), writes=tuple(line.writes), given=line.given, source=piped
        )
        if len(self.found) >= MOST_COMMANDS:
            raise Unreadable("it is too long to be read")
        self.found.append(simple)
        return simple

    def _take_documents(self) -> None:
        """Read the texts of `<<EOF`, which belong to the command before."""
        for mark in self._waiting:
            lines = []
            while self.at < len(self.text):
                end = self.text.find("\n", self.at)
                line = self.text[self.at : len(self.text) if end < 0 else end]
                self.at = len(self.text) if end < 0 else end + 1
                if line.strip() == mark:
                    break
                lines.append(line)
            self._give("\n".join(lines))
        self._waiting = []

    def _give(self, text: str) -> None:
        if self.found:
            last = self.found[-1]
            self.found[-1] = replace(last, given=f"{last.given or ''}{text}")


def _pieces(draft: _Draft) -> list[str]:
    texts = draft.text.split() if draft.split else [draft.text]
    return texts if draft.quoted else [piece for text in texts for piece in braces(text)]
