"""Work on a fork as suggestions: all of it, or none."""

import difflib

import pytest

from bot.pipeline.mend_reports import suggestions

BASE = [f"line {n}\n" for n in range(1, 41)]


def section(path: str, old: list[str], new: list[str]) -> tuple[str, str]:
    lines = difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", n=3)
    return path, "".join(lines)


def changed(lines: list[str], **more: str) -> list[str]:
    """Other text in the place of lines, by number (`l3="x"`); empty takes one out."""
    at = {int(key[1:]): text for key, text in more.items()}
    return "".join(at.get(n, old) for n, old in enumerate(lines, 1)).splitlines(keepends=True)


THEIRS = changed(BASE, l10="their 10\n", l12="their 12\n", l30="their 30\n")


def told(ours: list[str], path: str = "a.py") -> list[tuple[int | None, int, str]]:
    made = suggestions([section("a.py", BASE, THEIRS)], [section(path, THEIRS, ours)])
    return [(each.start_line, each.line, each.body) for each in made]


def test_changed_lines_are_replaced() -> None:
    assert told(changed(THEIRS, l10="mended 10\n", l12="mended 12\n")) == [
        (10, 12, "```suggestion\nmended 10\nline 11\nmended 12\n```")
    ]


def test_each_hunk_is_a_suggestion() -> None:
    ours = changed(THEIRS, l10="mended 10\n", l30="mended 30\n")

    assert [(start, line) for start, line, _ in told(ours)] == [(None, 10), (None, 30)]


def test_added_lines_come_with_the_line_before() -> None:
    assert told(changed(THEIRS, l10="their 10\nadded\n")) == [
        (None, 10, "```suggestion\ntheir 10\nadded\n```")
    ]


def test_lines_are_taken_out() -> None:
    assert told(changed(THEIRS, l10="")) == [(None, 10, "```suggestion\n```")]


@pytest.mark.parametrize(
    ("ours", "path"),
    [
        (changed(THEIRS, l20="far from theirs\n"), "a.py"),
        (changed(THEIRS, l10="mended\n", l20="far from theirs\n"), "a.py"),
        (changed(THEIRS, l10="mended\n"), "other.py"),
        (changed(THEIRS, l10="hidden \u202e\n"), "a.py"),
        (changed(THEIRS, l10="/merge\n"), "a.py"),
    ],
)
def test_what_cannot_be_suggested_whole_is_not_suggested(ours: list[str], path: str) -> None:
    assert told(ours, path) == []


def test_too_many_are_a_patch() -> None:
    base = [f"line {n}\n" for n in range(400)]
    theirs = [f"their {text}" for text in base]
    ours = [f"mended {text}" if n % 10 == 0 else text for n, text in enumerate(theirs)]

    made = suggestions([section("a.py", base, theirs)], [section("a.py", theirs, ours)])

    assert made == ()
