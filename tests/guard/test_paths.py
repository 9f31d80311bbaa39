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
