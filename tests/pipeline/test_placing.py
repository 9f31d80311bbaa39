"""Remarks stand at lines of the difference, and nowhere else."""

import pytest

from bot.pipeline.findings import Finding, Severity
from bot.pipeline.placing import FileDifference, placed, read

CHANGED = """\
diff --git a/a.py b/a.py
--- a/a.py
+++ b/a.py
@@ -1,3 +1,4 @@ def f():
 one
-two
+TWO
+++ b/evil.py
 three
@@ -20,2 +21,1 @@
 twenty
-gone
\\ No newline at end of file
"""
GONE = "diff --git a/b.py b/b.py\n--- a/b.py\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-first\n-second\n"
FILES = read([("a.py", CHANGED), ("b.py", GONE), ("c.png", "Binary files differ\n")])


def finding(path: str | None, line: int | None, **more: object) -> Finding:
    return Finding.model_validate(
        {"file": path, "line": line, "severity": "must", "title": "Wrong", **more}
    )


def where(path: str | None, line: int | None, **more: object) -> tuple[int | None, str]:
    found = placed(finding(path, line, **more), FILES)
    return found.line, found.side


@pytest.mark.parametrize(
    ("path", "line", "side", "at"),
    [
        ("a.py", 1, "RIGHT", (1, "RIGHT")),
        ("a.py", 3, "RIGHT", (3, "RIGHT")),
        ("a.py", 2, "LEFT", (2, "LEFT")),
        ("a.py", 21, "LEFT", (21, "LEFT")),
        ("a.py", 22, "RIGHT", (None, "RIGHT")),
        ("a.py", 10, "RIGHT", (None, "RIGHT")),
        ("b.py", 2, "RIGHT", (2, "LEFT")),
        ("b.py", 3, "RIGHT", (None, "RIGHT")),
        ("c.png", 1, "RIGHT", (None, "RIGHT")),
        ("evil.py", 1, "RIGHT", (None, "RIGHT")),
        ("../a.py", 1, "RIGHT", (None, "RIGHT")),
    ],
)
def test_a_line_is_kept_only_where_the_difference_has_it(
    path: str, line: int, side: str, at: tuple[int | None, str]
) -> None:
    assert where(path, line, side=side) == at


def test_a_line_that_is_nowhere_is_said_in_words() -> None:
    found = placed(finding("a.py", 3000, reason="It shows.", suggestion="x"), FILES)

    assert (found.reason, found.suggestion) == ("(line 3000) It shows.", None)


@pytest.mark.parametrize(
    ("first", "line", "kept"), [(1, 3, 1), (3, 21, None), (5, 3, None), (15, 21, None)]
)
def test_several_lines_lie_in_one_hunk_and_in_order(
    first: int, line: int, kept: int | None
) -> None:
    found = placed(finding("a.py", line, first_line=first, suggestion="x\n"), FILES)

    assert found.first_line == kept
    assert found.suggestion == ("x\n" if kept else None)


def test_nothing_is_suggested_for_lines_that_are_gone() -> None:
    assert placed(finding("a.py", 2, side="LEFT", suggestion="x\n"), FILES).suggestion is None


def test_a_reader_sees_both_numbers_of_each_line() -> None:
    shown = FILES[0].numbered().splitlines()

    assert shown[3:7] == [
        "     1      1  one",
        "     2        -two",
        "            2 +TWO",
        "            3 +++ b/evil.py",
    ]


def test_a_file_that_changed_its_type_is_one_file() -> None:
    made = read([("l", GONE), ("l", "@@ -0,0 +1 @@\n+target\n")])

    assert [file.path for file in made] == ["l"]
    assert isinstance(made[0], FileDifference)
    assert not made[0].deleted


def test_the_gravest_is_first() -> None:
    assert sorted(Severity, key=lambda each: each.rank) == [
        Severity.MUST,
        Severity.SHOULD,
        Severity.NOTE,
    ]
