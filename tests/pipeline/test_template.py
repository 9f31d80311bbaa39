"""A pull request template is filled where we know, and is data in every other respect."""

import time

import pytest

from bot.pipeline.template import MOST_CHARACTERS, clean, fill

USUAL = """\
## Description
<!-- What does this change? -->

## Related issue
Fixes #(issue)

## How was this tested?
<!-- Commands, please. -->

## Checklist
- [ ] I have read the CLA
- [x] Tests pass
"""


def test_our_part_stands_under_the_description_and_the_rest_is_filled() -> None:
    found = fill(clean(USUAL.encode()), "Closes #7", tested=True)

    assert found.above == "## Description"
    assert found.below == (
        "<!-- What does this change? -->\n\n"
        "## Related issue\nFixes #7\n\n"
        "## How was this tested?\n\nRun by Coppice: the table under “Description”.\n\n"
        "<!-- Commands, please. -->\n\n"
        "## Checklist\n- [ ] I have read the CLA\n- [ ] Tests pass"
    )


def test_without_headings_it_stands_on_top() -> None:
    found = fill("Closes #\n\nThanks for helping!", "Closes #7", tested=True)

    assert (found.above, found.below) == ("", "Closes #7\n\nThanks for helping!")


def test_an_empty_section_for_the_issue_names_it() -> None:
    found = fill("# What\n\n# Linked issues\n<!-- e.g. 12 -->\n", "Closes #7", tested=False)

    assert "# Linked issues\n\nCloses #7\n" in found.below


def test_what_somebody_wrote_in_a_section_is_left_alone() -> None:
    text = "### Summary\n### Testing\nRun `make test` and paste it.\n"

    assert (
        fill(text, "Closes #7", tested=True).below == "### Testing\nRun `make test` and paste it."
    )


@pytest.mark.parametrize("hidden", ["<!--\n## Description\n-->", "```\n## Description\n```"])
def test_a_heading_in_a_comment_or_in_code_is_none(hidden: str) -> None:
    assert fill(f"{hidden}\n\nHello", "Closes #7", tested=True).above == ""


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("cc @acme/security", "cc acme/security"),
        ("Closes #12", "Closes no. 12"),
        ("/merge", "\\/merge"),
        ("<!-- coppice:begin -->", "<!-- coppice begin -->"),
        ("- [x] I agree", "- [ ] I agree"),
        ("a\u202eb\u200b\x00", "ab"),
    ],
)
def test_a_template_mentions_nobody_and_forges_nothing(hostile: str, harmless: str) -> None:
    assert clean(hostile.encode()) == harmless


def test_what_is_no_text_or_too_long_is_no_template() -> None:
    assert clean(b"\xff\xfe\x00") == ""
    assert clean(b"x\n" * 100_000) == ""
    assert len(clean(b"a line\n" * 9_000)) <= MOST_CHARACTERS


def test_a_hostile_template_is_filled_in_no_time() -> None:
    for text in ("<!--" * 4000, "```\n" * 4000, "#" * 16_000, "**a" * 5000, "fixes " * 2600):
        began = time.process_time()
        fill(clean(text.encode()), "Closes #7", tested=True)
        assert time.process_time() - began < 1


def test_what_is_a_part_only_closes_nothing_by_the_template_either() -> None:
    text = "Thanks for helping!\n\nFixes: #<!-- issue -->\n\n# Linked issues\n"

    below = fill(text, "Part of #7", tested=True).below

    assert "Fixes" not in below
    assert below.count("Part of #7") == 2
