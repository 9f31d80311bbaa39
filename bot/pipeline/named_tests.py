"""Which files are tests by a repository's own configuration, of Python and JavaScript. Pure.

What cannot be read is named: then nobody knows which files are tests.
"""

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname, join, normpath
from typing import Any

from bot.pipeline.script_settings import strings_of, test_block, without_comments

LONGEST = 1_000_000
"""Bytes of a configuration that is read."""
_SCRIPT = re.compile(r"(?:jest|vitest|vite|ava)\.config\.[cm]?[jt]s")
_MOCHA = re.compile(r"\.mocharc\.jsonc?")
_UNREADABLE = (
    *(ValueError, KeyError, TypeError, AttributeError, RecursionError),
    *(configparser.Error, re.error),
)
_ANY = ("*", "*.py", "**", "**/*")
_NESTED = re.compile(r"[+*}]\)?[+*]|[+*]\)\{")
_SOURCES = frozenset({"src", "lib", "source", "sources", "app", "python"})
"""Folders that `testpaths` names for the tests that stand beside the code."""
_TESTS_WITHIN = re.compile(r"(?:.*/)?tests?/", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTests:
    """What the configuration of a repository calls tests."""

    folders: tuple[str, ...] = ()
    """Everything in them belongs to tests; each ends with `/`."""
    patterns: tuple[re.Pattern[str], ...] = ()
    """Of whole paths."""
    unread: tuple[str, ...] = ()
    """Configurations that could not be read."""

    def name(self, path: str) -> bool:
        inside = any(path.startswith(folder) for folder in self.folders)
        return inside or any(pattern.search(path) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class _Found:
    folders: tuple[str, ...] = ()
    globs: tuple[str, ...] = ()
    """Of whole paths, from the configuration's own folder."""
    names: tuple[str, ...] = ()
    """Of files, wherever they are in the folders, else in the configuration's own."""
    expressions: tuple[str, ...] = ()


def is_configuration(path: str) -> bool:
    """Tell whether a file may say which files are tests."""
    return _reader(basename(path)) is not None


def read(files: Iterable[tuple[str, bytes | None]], paths: Iterable[str]) -> NamedTests:
    """Read configurations, each its path and content (None: it is no regular file); ``paths`` are
    all of the repository.
    """
    nested = {part for path in paths if (part := _before_tests(path)) is not None}
    folders: list[str] = []
    patterns: list[re.Pattern[str]] = []
    unread: list[str] = []
    for path, content in files:
        home = dirname(path)
        try:
            found = _read(path, content)
            inside = [_within(home, folder) for folder in found.folders]
            patterns += _patterns(home, found)
        except _UNREADABLE:
            unread.append(path)
            continue
        folders += [f"{each}/" for each in inside if _only_tests(each, nested)]
    return NamedTests(folders=tuple(folders), patterns=tuple(patterns), unread=tuple(unread))


def _before_tests(path: str) -> str | None:
    """The folder in which a folder of tests stands."""
    found = _TESTS_WITHIN.match(path)
    return dirname(found.group().rstrip("/")) if found else None


def _only_tests(folder: str, nested: set[str]) -> bool:
    """Is there nothing but tests in it? A package may hold its tests beside its code."""
    if folder in ("", ".") or basename(folder) in _SOURCES:
        return False
    return not any(each == folder or each.startswith(f"{folder}/") for each in nested)


def _patterns(home: str, found: _Found) -> list[re.Pattern[str]]:
    begin = re.escape(f"{home}/") if home else ""
    made = [re.compile(f"^{begin}{_of_glob(glob)}$") for glob in found.globs]
    for name in found.names:
        where = [_within(home, folder) for folder in found.folders] or [home]
        if name in _ANY and not found.folders:
            continue  # everything is not a choice of tests
        for folder in where:
            inside = re.escape(f"{folder}/") if folder not in ("", ".") else ""
            made.append(re.compile(f"^{inside}(?:.*/)?{_of_glob(name)}$"))
    for expression in found.expressions:
        if len(expression) > 300 or _NESTED.search(expression):
            raise ValueError("an expression that may take for ever")
        made.append(re.compile(expression))
    return made


def _within(home: str, folder: str) -> str:
    inside = normpath(join(home, folder))
    if inside.startswith(("..", "/")):
        raise ValueError("a folder outside of the repository")
    return inside


def _read(path: str, content: bytes | None) -> _Found:
    reader = _reader(basename(path))
    if reader is None or content is None or len(content) > LONGEST:
        raise ValueError("too large to be read")
    return reader(content.decode("utf-8-sig"))


def _reader(name: str) -> Callable[[str], _Found] | None:
    if _SCRIPT.fullmatch(name):
        return _scripted
    if _MOCHA.fullmatch(name):
        return lambda text: _Found(globs=_globs(json.loads(without_comments(text)).get("spec")))
    return {
        "pytest.ini": lambda text: _ini(text, "pytest"),
        ".pytest.ini": lambda text: _ini(text, "pytest"),
        "tox.ini": lambda text: _ini(text, "pytest"),
        "setup.cfg": lambda text: _ini(text, "tool:pytest"),
        "pyproject.toml": _pyproject,
        "package.json": _package,
        "jest.config.json": lambda text: _jest(json.loads(text)),
    }.get(name)


def _ini(text: str, section: str) -> _Found:
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(text)
    return _pytest(parser[section]) if parser.has_section(section) else _Found()


def _pyproject(text: str) -> _Found:
    settings = tomllib.loads(text).get("tool", {}).get("pytest", {})
    return _pytest({**settings, **settings.get("ini_options", {})})


def _pytest(settings: Mapping[str, Any]) -> _Found:
    return _Found(
        folders=_words(settings.get("testpaths")), names=_words(settings.get("python_files"))
    )


def _package(text: str) -> _Found:
    package = json.loads(text)
    jest = package.get("jest") or {}
    found = _jest(jest) if isinstance(jest, Mapping) else _Found()
    mocha, ava = package.get("mocha") or {}, package.get("ava") or {}
    more = (*_globs(mocha.get("spec")), *_globs(ava.get("files")))
    return _Found(globs=(*found.globs, *more), expressions=found.expressions)


def _jest(settings: Mapping[str, Any]) -> _Found:
    return _Found(
        globs=_globs(settings.get("testMatch")), expressions=_words(settings.get("testRegex"))
    )


def _scripted(text: str) -> _Found:
    """A program: only what it says in so many words can be read."""
    block = test_block(text)
    globs = [*strings_of(text, "testMatch"), *strings_of(block, "include")]
    return _Found(globs=_globs(globs), expressions=tuple(strings_of(text, "testRegex")))


def _words(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    found = value.split() if isinstance(value, str) else value
    if not all(isinstance(each, str) for each in found):
        raise TypeError("words are text")
    return tuple(found)


def _globs(value: Any) -> tuple[str, ...]:
    found = (value,) if isinstance(value, str) else _words(value)
    plain = (each.removeprefix("<rootDir>/").removeprefix("./") for each in found)
    return tuple(each for each in plain if each and not each.startswith("!"))


_PARTS = re.compile(r"\*\*/|\*\*|[?+@*]\(|\*|\?|\{|\}|\(|\)|,|\||\[[^\]/]*\]|.", re.DOTALL)


def _of_glob(glob: str) -> str:
    """Translate `src/**/*.{test,check}.[jt]s?(x)` and the like."""
    said: list[str] = []
    closing: list[str] = []
    for part in _PARTS.findall(glob):
        if part in ("?(", "+(", "@(", "*("):
            closing.append(")" + {"?(": "?", "+(": "", "@(": "", "*(": "?"}[part])
            said.append("(?:")
        elif part == "{":
            closing.append(")")
            said.append("(?:")
        elif part in (")", "}") and closing:
            said.append(closing.pop())
        elif part in (",", "|") and closing:
            said.append("|")
        else:
            said.append(_of_part(part))
    return "".join(said)


def _of_part(part: str) -> str:
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    if part in known:
        return known[part]
    return part.replace("[!", "[^") if part.startswith("[") else re.escape(part)
