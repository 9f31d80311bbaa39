"""What an agent says of its work counts where it says it as asked, and of files that it changed."""

import pytest

from bot.pipeline.closing import Closing, read

SAID = (
    "I looked around.\n\nAll tests pass!\n\n"
    '`parse("")` read `text[0]` first. It returns an empty document now.\n\n'
)
CHANGED = {"src/acme/parser.py", "tests/test_parser.py"}
SENTENCES = '`parse("")` read `text[0]` first. It returns an empty document now.'


@pytest.mark.parametrize(
    "line",
    [
        "Read first: src/acme/parser.py:41, the only behaviour change.",
        "**Read first:** `src/acme/parser.py:41`, the only behaviour change.",
        "read first: src/acme/parser.py:41 - the only behaviour change.",
    ],
)
def test_the_last_sentences_and_the_place_are_read(line: str) -> None:
    assert read(SAID + line, CHANGED) == Closing(
        summary=SENTENCES, place="src/acme/parser.py:41", why="the only behaviour change."
    )


@pytest.mark.parametrize(
    "line", ["Read first: /etc/passwd", "Read first: src/acme/other.py:1, here", "Read first: -"]
)
def test_a_place_that_the_work_does_not_change_is_left_out(line: str) -> None:
    assert read(SAID + line, CHANGED) == Closing(summary=SENTENCES)


def test_other_words_say_nothing() -> None:
    assert read("Done! Everything works and all tests pass.", CHANGED) is None


def test_a_report_is_no_sentences() -> None:
    told = read("word " * 200 + "\n\nRead first: tests/test_parser.py", CHANGED)

    assert told == Closing(place="tests/test_parser.py")
