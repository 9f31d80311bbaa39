"""docs/effects.md says what the code declares, and the code has no other writes."""

from pathlib import Path

from bot.github.effects.documentation import effects_page
from bot.github.effects.kinds import KINDS

PAGE = Path(__file__).parents[2] / "docs" / "effects.md"


def test_the_page_of_effects_is_current() -> None:
    assert PAGE.read_text() == effects_page()


def test_there_is_no_effect_that_merges_or_approves() -> None:
    assert set(KINDS) == {
        "react",
        "comment",
        "minimise",
        "check_run",
        "rerun",
        "define_label",
        "label",
        "push",
        "grow",
        "delete_branch",
        "pull_request",
        "ready",
        "request_review",
        "close_pull_request",
        "draft_review",
        "review",
        "post_review",
        "resolve_thread",
    }
