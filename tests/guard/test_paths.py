"""Paths are told apart: junk, traps, what rules elsewhere, and ordinary files."""

import pytest

from bot.guard.paths import junk, protected, unsafe


@pytest.mark.parametrize(
    "path",
    [
        "node_modules/left-pad/index.js",
        "src/__pycache__/a.cpython-311.pyc",
        ".pytest_cache/v/x",
        "a/.DS_Store",
        ".venv/bin/python",
        "b.orig",
        "c.rej",
        "x.swp",
        "acme.egg-info/PKG-INFO",
        ".coverage",
    ],
)
def test_leftovers_are_junk(path: str) -> None:
    assert junk(path)


@pytest.mark.parametrize("path", ["src/a.py", "build/x.js", "docs/coverage.md", "cache/a", ".env"])
def test_what_somebody_may_want_is_no_junk(path: str) -> None:
    assert not junk(path)


@pytest.mark.parametrize(
    "path",
    [
        "src/a.py",
        ".gitignore",
        ".gitattributes",
        "a/.github/x",
        "git/x",
        "a..b",
        "...",
        "ä/日本.md",
    ],
)
def test_ordinary_paths_are_safe(path: str) -> None:
    assert unsafe(path) is None
    assert protected(path) is None


@pytest.mark.parametrize("path", ["AGENTS.md", "package.json", ".github/ISSUE_TEMPLATE/bug.md"])
def test_what_people_review_anyway_is_not_protected(path: str) -> None:
    assert protected(path) is None


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("a\nb.py", r"its name, 'a\nb.py', holds control characters"),
        ("a\x1b[31mb", r"its name, 'a\x1b[31mb', holds control characters"),
        ("\udcff.py", r"its name, '\udcff.py', is not UTF-8"),
        ("x\u202egnp.py", r"its name, 'x\u202egnp.py', holds invisible characters"),
        ("a\\b.py", "its name holds a backslash, which leads into a folder on Windows"),
        ("c:x", "its name begins as a drive of Windows does"),
        ("/etc/x", "it is not a relative path"),
        ("a//b", "it is not a relative path"),
        ("", "it is not a relative path"),
    ],
)
def test_what_is_wrong_with_a_name_is_said_so_that_it_can_be_seen(path: str, why: str) -> None:
    assert unsafe(path) == why
