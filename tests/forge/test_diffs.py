"""Where lines are after a change, for changes of every shape."""

import difflib

from hypothesis import strategies as st

from bot.forge.diffs import moved, shown
from bot.forge.git import FileChange
from tests.given import given

LINES = [f"line {n}" for n in range(30)]


def changed(old: list[str], new: list[str]) -> FileChange:
    rows = list(difflib.unified_diff(old, new, lineterm="", n=3))[2:]
    return FileChange(
        filename="x",
        status="modified",
        sha=None,
        additions=0,
        deletions=0,
        patch="\n".join(rows) or None,
    )


@given(
    removed=st.sets(st.integers(0, 29)),
    added=st.dictionaries(st.integers(0, 29), st.integers(1, 4), max_size=6),
)
def test_lines_that_were_kept_are_found_and_others_are_not(
    removed: set[int], added: dict[int, int]
) -> None:
    new: list[str] = []
    for n, line in enumerate(LINES):
        new += [f"new {n}.{k}" for k in range(added.get(n, 0))]
        new += [] if n in removed else [line]
    if new == LINES:
        return
    change = changed(LINES, new)

    for n, line in enumerate(LINES):
        expected = new.index(line) + 1 if line in new else None
        assert moved(change, n + 1) == expected


@given(removed=st.sets(st.integers(0, 29), min_size=1))
def test_every_shown_line_has_one_place_and_its_hunk(removed: set[int]) -> None:
    new = [f"other {n}" if n in removed else line for n, line in enumerate(LINES)]
    found = shown(changed(LINES, new))

    for (side, line), row in found.rows.items():
        text = found.hunk(row).split("\n")
        source = LINES if side == "LEFT" else new
        assert text[0].startswith("@@")
        assert text[-1][1:] == source[line - 1]
        assert found.row(*(found.at(row.position) or ("", 0))) == row


def test_a_file_that_went_away_keeps_no_line() -> None:
    gone = FileChange(filename="x", status="removed", sha=None, additions=0, deletions=1, patch="")

    assert moved(gone, 1) is None
    assert moved(None, 7) == 7
