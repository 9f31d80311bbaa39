"""Words of strangers and models put together so that they become live once they are cleaned.

Judged as GitHub judges: by what stands in the rendering outside of code, and by raw lines, which
is what other bots read.
"""

import re
import time

import pytest

from bot.github.markdown import cell, code, fence, line, plain, prose
from tests.attacks.rendered import COMMAND, LIVE, live, read

SMUGGLED = [
    "@@ana and @@@org/team",
    "closes #@7",
    "closes ##7 and #@#7",
    "GH-@7",
    "`@ana, an odd backtick",
    "_@ana_ and *@ana* and ~@ana~",
    "closes _#7_, _GH-7_",
    "é@ana ü#7",
    ".@ana",
    "closes #[7](x)",
    "@[ana](x)",
    "@[a[na](x)](y)",
    "![@](x)ana",
    "closes octo#7",
    "[/merge](x)",
    "[](x)/merge",
    "``` /merge",
    "a line\u2028/merge",
    "a line\r/merge",
    "[\\](u)`@ana`",
    "\\[a\\]b](//evil.example/x)",
    "\\\\[a\\]b](//evil.example/x)",
    "see www.evil.example/?secret=1",
    "_www.evil.example/?secret=1_ and _http://evil.example/?secret=1_",
    "closes &#7",
]


@pytest.mark.parametrize("words", SMUGGLED)
def test_prose_stays_dead_when_its_pieces_come_together(words: str) -> None:
    assert live(prose(words)) == []


@pytest.mark.parametrize("words", SMUGGLED)
def test_a_line_stays_dead_when_its_pieces_come_together(words: str) -> None:
    assert live(prose(line(words))) == []


@pytest.mark.parametrize("words", ["@@ana", "closes #@7", "`@ana`", "_@ana_", "octo#7", "GH-@7"])
def test_a_title_or_commit_message_stays_dead(words: str) -> None:
    assert not LIVE.search(plain(words))


def test_an_address_in_capitals_closes_nothing_in_a_commit_message() -> None:
    assert plain("closes HTTPS://github.com/octo/shop/issues/7") == "closes octo/shop no. 7"


def test_words_in_code_spans_stay_as_they_are() -> None:
    assert prose("see `@property` and `a[0] #7`") == "see `@property` and `a[0] #7`"


@pytest.mark.parametrize(
    "words", ["x\\|@ana", "x\\\\|@ana", "a|@ana", "\\", "ends with \\|", "x\\|closes #7"]
)
def test_a_code_span_in_a_table_stays_one_cell(words: str) -> None:
    table = f"| what | |\n|---|---|\n| {cell(code(words))} | end |"

    assert live(table) == []
    assert not re.search(r"(?<!\\)(?:\\\\)+\|", table)  # GitHub counts the backslashes


def test_a_span_of_a_plan_in_a_table_stays_one_cell() -> None:
    step = cell(prose("run `x\\|@ana`"))

    assert live(f"| what | |\n|---|---|\n| {step} | end |") == []
    assert not re.search(r"(?<!\\)(?:\\\\)+\|", step)


@pytest.mark.parametrize("words", ["~~~ ~~~\nx", "``` ```\nx", "[](x)~~~\nx", "``` ~~~\nx"])
def test_prose_leaves_no_block_of_code_open(words: str) -> None:
    assert "after" in "".join(read(f"{prose(words)}\n\nafter").texts)


def test_a_fence_gives_no_orders_after_odd_line_ends() -> None:
    assert not COMMAND.search(fence("x\u2028/merge\r/approve").replace("\u2028", "\n"))


@pytest.mark.parametrize("word", ["\\", "\n", "a.", "[a](", "GH-@", "#@", "> "])
def test_a_long_row_of_signs_is_cleaned_at_once(word: str) -> None:
    words = f"{word * (65_000 // len(word))}x"
    begun = time.process_time()

    for clean in (plain, prose, fence, code, cell):
        clean(words)

    assert time.process_time() - begun < 10  # a minute, where it took the square of its length
