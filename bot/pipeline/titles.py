"""Title a pull request as its repository does: plain code that learns from titles merged before."""

import re
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from bot.runs import Record

FEWEST = 5
"""Titles that have to be there before anything is learned from them."""
_MOST_USED = 40
_WINS, _CLEARLY = 0.6, 0.7

_KINDS = {
    "feat": ("feat", "feature", "features", "enhancement", "enh", "add", "new"),
    "fix": ("fix", "bugfix", "bug", "bugs", "hotfix", "regression"),
    "docs": ("docs", "doc", "documentation"),
    "test": ("test", "tests", "tst"),
    "ci": ("ci",),
    "build": ("build", "deps", "dependencies"),
    "perf": ("perf", "performance"),
    "refactor": ("refactor", "refactoring", "ref", "cleanup"),
    "style": ("style", "lint"),
    "chore": ("chore", "mnt", "maint", "maintenance", "misc"),
    "revert": ("revert",),
    "security": ("security", "sec"),
}
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words}
_FORMS = ("issue", "request", "feature request", "bug report", "proposal", "question", "rfc")
_ADDS = ("add", "support", "allow", "implement", "introduce", "offer", "provide", "enable")

_CONVENTIONAL = re.compile(r"(?P<kind>[A-Za-z]+)(?:\((?P<mark>[^()]{1,60})\))?!?:\s+(?P<rest>\S.*)")
_TAG = re.compile(r"\[(?P<mark>[^\[\]]{1,40})\]:?\s*(?P<rest>\S.*)")
_PATH = re.compile(r"(?P<mark>[A-Za-z0-9_][\w./-]{0,60}):\s+(?P<rest>\S.*)")
_NUMBER = re.compile(r"\s*\(#\d+\)\s*$")
_MERGED = re.compile(r"Merge pull request #\d+ from \S+")
_NOT_A_TITLE = re.compile(r"(Merge|Revert|Bump|Release|v?\d+\.\d+|Coppice run|Initial commit)\b")
_DOCS = re.compile(r"(^|/)docs?/|\.(md|rst|adoc|txt)$", re.IGNORECASE)
_TESTS = re.compile(r"(^|/)(tests?|spec|__tests__)/|(^|/)test_[^/]*$|[._]test\.[^/]*$")
_CI = re.compile(r"(^|/)\.(github/workflows|circleci|gitlab|buildkite)(/|-ci)")


class Prefix(StrEnum):
    """What stands before the words of a title."""

    CONVENTIONAL = "conventional"  # fix(parser): …
    TAG = "tag"  # [parser] …
    PATH = "path"  # parser: …
    PLAIN = "plain"


class Style(Record):
    """How a repository titles what it merges."""

    prefix: Prefix = Prefix.PLAIN
    kinds: tuple[str, ...] = ()
    """The words before a colon that it uses (`fix`), the most used first."""
    marks: tuple[str, ...] = ()
    """The scopes, tags or paths that it uses, the most used first."""
    scoped: bool = False
    """Conventional titles mostly name a scope."""
    lower: bool | None = None
    """Words begin in lower case (True), upper case (False), or either way."""


class Change(Record):
    """What a title is for."""

    words: str
    """What was asked for: the issue's title."""
    paths: tuple[str, ...] = ()
    """What the work changes."""
    nearby: tuple[str, ...] = ()
    """Titles under which the same files were changed before, the newest first."""


def titles(messages: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Take the titles out of commit messages, given with their authors; a merge commit of a pull
    request has its title in the first line of its text. Programs' own are left out."""
    found = []
    for author, message in messages:
        lines = [line.strip() for line in message.splitlines() if line.strip()]
        if lines and _MERGED.match(lines[0]):
            lines = lines[1:]
        title = _NUMBER.sub("", lines[0]) if lines else ""
        if title and not author.endswith("[bot]") and not _NOT_A_TITLE.match(title):
            found.append(title)
    return tuple(found)


def learn(seen: Sequence[str], wanted: Prefix | None = None) -> Style:
    """Learn the style of some titles; ``wanted`` names the prefix where it is not to be guessed."""
    matched = {prefix: [m for title in seen if (m := _read(prefix, title))] for prefix in _ORDER}
    enough = len(seen) >= FEWEST
    most = max(_ORDER, key=lambda prefix: len(matched[prefix]))
    won = most if enough and len(matched[most]) >= _WINS * len(seen) else Prefix.PLAIN
    prefix = wanted or won
    found = matched.get(prefix, [])
    kinds = Counter(m["kind"] for m in found if "kind" in m.re.groupindex)
    marks = Counter(m["mark"] for m in found if m["mark"])
    rest = [m["rest"] for m in found] if prefix is not Prefix.PLAIN else list(seen)
    return Style(
        prefix=prefix,
        kinds=tuple(word for word, _ in kinds.most_common(_MOST_USED)),
        marks=tuple(word for word, _ in marks.most_common(_MOST_USED)),
        scoped=prefix is Prefix.CONVENTIONAL and sum(marks.values()) * 2 >= max(1, len(found)),
        lower=_case(rest) if len(rest) >= FEWEST and wanted is not Prefix.PLAIN else _usual(prefix),
    )


def title(style: Style, change: Change) -> str:
    """Write a title in this style; it is still a stranger's words."""
    kind, words = _asked(change)
    if style.prefix is Prefix.CONVENTIONAL:
        mark = _mark(style, change) if style.scoped else None
        kind = _known(kind, style.kinds) or kind
        return f"{kind}{f'({mark})' if mark else ''}: {_cased(style, words)}"
    if style.prefix is Prefix.TAG:
        tag = _mark(style, change) or _known(kind, style.marks)
        return f"[{tag}] {_cased(style, words)}" if tag else _cased(style, words)
    if style.prefix is Prefix.PATH:
        path = _mark(style, change) or _place(change.paths)
        return f"{path}: {_cased(style, words)}" if path else _cased(style, words)
    return _cased(style, words)


# --- what others wrote -----------------------------------------------------------------------

_ORDER = (Prefix.CONVENTIONAL, Prefix.TAG, Prefix.PATH)


def _read(prefix: Prefix, words: str) -> "re.Match[str] | None":
    if prefix is Prefix.TAG:
        return _TAG.fullmatch(words)
    conventional = _CONVENTIONAL.fullmatch(words)
    if conventional and conventional["kind"].lower() in _KIND_OF:
        return conventional if prefix is Prefix.CONVENTIONAL else None
    return _PATH.fullmatch(words) if prefix is Prefix.PATH else None


def _case(words: Sequence[str]) -> bool | None:
    first = [text[0] for text in words if text[0].isalpha()]
    lower = sum(letter.islower() for letter in first)
    if lower >= _CLEARLY * max(1, len(first)):
        return True
    return False if len(first) - lower >= _CLEARLY * max(1, len(first)) else None


def _usual(prefix: Prefix) -> bool | None:
    """How most people write where too few were seen."""
    return True if prefix in (Prefix.CONVENTIONAL, Prefix.PATH) else None


# --- what is to be said ----------------------------------------------------------------------


def _asked(change: Change) -> tuple[str, str]:
    """The kind of a change, and its words without what a form or a habit put before them."""
    words, kind = " ".join(change.words.split()), None
    while (found := _TAG.fullmatch(words) or _CONVENTIONAL.fullmatch(words)) is not None:
        word = (found["kind"] if "kind" in found.re.groupindex else found["mark"]).lower().strip()
        if word not in _KIND_OF and word not in _FORMS:
            break
        kind, words = kind or _KIND_OF.get(word) or _KIND_OF.get(word.split()[0]), found["rest"]
    if words.endswith(".") and not words.endswith(".."):
        words = words[:-1]
    return kind or _guess(words, change.paths), words


def _guess(words: str, paths: Sequence[str]) -> str:
    for kind, pattern in (("docs", _DOCS), ("test", _TESTS), ("ci", _CI)):
        if paths and all(pattern.search(path) for path in paths):
            return kind
    first = words.partition(" ")[0].lower()
    return "feat" if first in _ADDS else "fix"


def _known(kind: str, used: Sequence[str]) -> str | None:
    """The word that this repository has for a kind (`Bugfix`)."""
    return next((word for word in used if _KIND_OF.get(word.lower()) == kind), None)


def _mark(style: Style, change: Change) -> str | None:
    """The scope, tag or path that fits: what these files had before, else one that names them."""
    before = [m["mark"] for t in change.nearby if (m := _read(style.prefix, t)) and m["mark"]]
    areas = [mark for mark in before if mark.lower() not in _KIND_OF]
    if areas:
        return Counter(areas).most_common(1)[0][0]
    of_work = [path for path in change.paths if not _TESTS.search(path)] or change.paths
    parts = {word.partition(".")[0].lower() for path in of_work for word in path.split("/")}
    return next((mark for mark in style.marks if mark.lower() in parts), None)


def _place(paths: Sequence[str]) -> str | None:
    """Where the work is, as Go writes it: the folder of a file, or its name where it has none."""
    of_work = [path for path in paths if not _TESTS.search(path)] or paths
    if not of_work:
        return None
    folder, _, name = min(of_work, key=len).rpartition("/")
    return folder.removeprefix("src/") or name.partition(".")[0]


def _cased(style: Style, words: str) -> str:
    """Begin as the repository does; names in code and abbreviations stay as they are."""
    first = words.partition(" ")[0]
    if style.lower is True and re.fullmatch(r"[A-Z][a-z]+[,:]?", first):
        return words[:1].lower() + words[1:]
    if style.lower is False and re.fullmatch(r"[a-z]+[,:]?", first):
        return words[:1].upper() + words[1:]
    return words
