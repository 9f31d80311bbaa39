"""What agent programs did is counted whether it was good or not, and has its place in the docs."""

import pytest

from tests.real.counting import ATTEMPT, DOCUMENT, RUN, Counted, table, written


def counted(name: str, seconds: float, *, good: bool = True) -> Counted:
    return Counted(what=RUN, name=name, seconds=seconds, good=good)


def test_what_failed_is_counted_too() -> None:
    found = [counted("a", 3), counted("b", 9, good=False), counted("a", 5, good=False)]

    lines = table(RUN, found).splitlines()

    assert lines[2:4] == ["| `a` | 2 | 1 | 4 (3 to 5) |", "| `b` | 1 | 0 | 9 (9 to 9) |"]
    assert "commit " in lines[-1]


def test_both_tables_have_their_place_in_the_documentation() -> None:
    document = DOCUMENT.read_text()

    text = written(document, {RUN: "the runs", ATTEMPT: "the attempts"})

    assert "<!-- begin of runs -->\nthe runs\n<!-- end of runs -->" in text
    assert "<!-- begin of attempts -->\nthe attempts\n<!-- end of attempts -->" in text
    with pytest.raises(ValueError, match="no place"):
        written("nothing", {RUN: ""})
