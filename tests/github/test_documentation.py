"""docs/effects.md says what the code declares."""

from pathlib import Path

from bot.github.effects.documentation import effects_page

PAGE = Path(__file__).parents[2] / "docs" / "effects.md"


def test_the_page_of_effects_is_current() -> None:
    assert PAGE.read_text() == effects_page()
