"""What people see stays as it is; what goes is reported where it stood."""

import pytest

from bot.guard.invisible import shown
from bot.guard.markup import Kind
from bot.guard.sanitize import LONGEST, Removed, Sanitized, sanitize


@pytest.mark.parametrize(
    "text",
    [
        "Plain words, ä and 日, 1 < 2 > 0, a & b, &amp; &lt;",
        "```html\n<!-- shown --> <a title='shown'>\n```",
        "~~~\n<!-- shown -->\n~~~",
        "    <!-- shown, indented -->",
        "`<!-- shown -->` and ``a ` <b title='x'>``",
        "- a\n- b\n\n1. c\n2. d\n\n> q\n>\n> r",
        "Title\n=====\n\n## Two\n\n---\n\n| a | b |\n|---|:-:|\n| 1 | 2 |",
        "[a](https://x/y) <https://x/y> https://x/y",
        "see [x] and [y][x]\n\n[x]: https://x",
        "a[^1]\n\n[^1]: shown below",
        "<details>\n<summary>More</summary>\n\ntext\n\n</details>",
        "<b>a</b><br><a href='https://x'>b</a>",
        "```python\nx\n```",
        "- [ ] a task\n- [x] done",
        "x <!-- without an end",
    ],
)
def test_what_people_see_stays(text: str) -> None:
    assert sanitize(text) == Sanitized(text=text, removed=())


@pytest.mark.parametrize(
    "text", ["👨\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f⃣", "![image](https://x/y.png)"]
)
def test_the_glue_of_emoji_and_pasted_pictures_is_not_reported(text: str) -> None:
    assert sanitize(text).removed == ()


def test_layout_attributes_go_without_a_report() -> None:
    clean = sanitize('<img width="300" height="20" alt="image" src="https://x/y.png">')

    assert clean == Sanitized(text='<img src="https://x/y.png">', removed=())


def test_a_piece_is_reported_with_its_kind_and_line() -> None:
    clean = sanitize("one\n\ntwo <!-- evil -->\n\n[a](u 'sly')")

    assert clean == Sanitized(
        text="one\n\ntwo \n\n[a](u)",
        removed=(
            Removed(kind=Kind.COMMENT, line=3, text="<!-- evil -->"),
            Removed(kind=Kind.TITLE, line=5, text=" 'sly'"),
        ),
    )


def test_line_ends_are_made_alike() -> None:
    assert sanitize("a\r\nb\rc\u2028d").text == "a\nb\nc\nd"


def test_what_is_longer_than_github_takes_is_cut_and_reported() -> None:
    clean = sanitize("a" * (LONGEST + 5))

    assert (len(clean.text), clean.removed[0].kind) == (LONGEST, Kind.LENGTH)


def test_what_nobody_sees_is_written_so_that_people_can_read_it() -> None:
    hidden = "a\u3164\U000e0101\u200b\U000e0068\U000e0069"

    assert shown(hidden) == "a<U+3164><U+E0101><U+200B>hi"
