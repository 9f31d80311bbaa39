"""What becomes of the Markdown that strangers write."""

import pytest

from bot.forge.pages.markdown import render_markdown, render_title, tick


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        ("<details onclick=x>\na\n</details>", "<p>&lt;details onclick=x&gt;<br />\na</p>\n"),
        ("a <!-- hidden --> b", "<p>a  b</p>\n"),
        ("a\n\n<!-- coppice:status\nrun=1 -->\n\nb", "<p>a</p>\n<p>b</p>\n"),
        ("<!-- never closed\nb", ""),
        ("`<!-- shown -->`", "<p><code>&lt;!-- shown --&gt;</code></p>\n"),
        ("```\n<!-- shown -->\n```", "<pre><code>&lt;!-- shown --&gt;\n</code></pre>\n"),
        ("a<br>b", "<p>a<br />\nb</p>\n"),
        ("one\ntwo", "<p>one<br />\ntwo</p>\n"),
    ],
)
def test_html_of_others_is_text_or_gone(text: str, html: str) -> None:
    assert render_markdown(text) == html


def test_details_fold_their_text() -> None:
    text = "<details><summary>What `it` got</summary>\n\n**Issue**\n</details>\nafter"

    assert render_markdown(text) == (
        "<details>\n<summary>What <code>it</code> got</summary>\n<p><strong>Issue</strong></p>\n"
        "</details>\n<p>after</p>\n"
    )


def test_a_summary_may_have_its_own_line() -> None:
    html = render_markdown("<details>\n<summary>S</summary>\n\na\n\n</details>")

    assert html == "<details>\n<summary>S</summary>\n<p>a</p>\n</details>\n"


@pytest.mark.parametrize(
    "text",
    [
        "<details>\n\na",
        "> <details>\n> a\n\nb",
        "- <details>\n  a\n- b\n\n</details>",
        "</details>\n\na",
        "<details>\n<details>\n</details>",
    ],
)
def test_details_never_reach_beyond_their_text(text: str) -> None:
    html = render_markdown(text)

    assert html.count("<details>") == html.count("</details>")
    for container in ("blockquote", "li", "ul"):
        inside = html.split(f"<{container}>")[-1].split(f"</{container}>")[0]
        assert inside.count("<details>") == inside.count("</details>")


def test_references_point_into_the_repository() -> None:
    html = render_markdown("Closes #7, says @ana; not `#8` nor x#9", "/acme/shop")

    assert html == (
        '<p>Closes <a href="/acme/shop/issues/7">#7</a>, says <b>@ana</b>; '
        "not <code>#8</code> nor x#9</p>\n"
    )


def test_boxes_are_buttons_only_for_who_may_tick() -> None:
    text = "- [ ] Stop\n- [x] Go\n- plain"

    assert (
        '<button class="box" form="f" name="line" value="1" role="checkbox" aria-checked="true"'
        in render_markdown(text, form="f")
    )
    assert "<button" not in render_markdown(text)


@pytest.mark.parametrize(
    ("text", "line", "after"),
    [
        ("a\n- [ ] b", 1, "a\n- [x] b"),
        ("* [X] b\n", 0, "* [ ] b\n"),
        ("  1. [ ] b", 0, "  1. [x] b"),
        ("> - [ ] b", 0, "> - [x] b"),
        ("- [ ] b\r\n", 0, "- [x] b\r\n"),
        ("a", 0, None),
        ("- [ ]b", 0, None),
        ("- [ ] b", 7, None),
    ],
)
def test_a_tick_turns_one_box_over(text: str, line: int, after: str | None) -> None:
    assert tick(text, line) == after


def test_code_in_titles_is_code_and_the_rest_is_text() -> None:
    assert render_title("Stops at `21<5` & <b>") == (
        "Stops at <code>21&lt;5</code> &amp; &lt;b&gt;"
    )
