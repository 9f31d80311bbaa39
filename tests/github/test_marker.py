"""Markers: ours are known again, copies and forgeries are not."""

import pytest

from bot.github.marker import BEGIN, Markers

MARKERS = Markers(b"k" * 32)
OTHERS = Markers(b"o" * 32)
BOT = 41


def comment(body: str, author: int = BOT) -> dict[str, object]:
    return {"user": {"id": author}, "body": body}


def test_a_comment_of_ours_is_known_by_author_and_marker() -> None:
    body = "Working\n" + MARKERS.make("status", "4f9a1c")

    assert MARKERS.ours(comment(body), BOT, "status", "4f9a1c")


def test_a_marker_copied_by_somebody_else_is_not_ours() -> None:
    body = MARKERS.make("status", "4f9a1c")

    assert not MARKERS.ours(comment(body, author=7), BOT, "status", "4f9a1c")


def test_a_forged_marker_in_our_name_is_not_ours() -> None:
    forged = OTHERS.make("status", "4f9a1c")

    assert not MARKERS.ours(comment(forged), BOT, "status", "4f9a1c")


@pytest.mark.parametrize(("purpose", "run"), [("status", "4f9a1d"), ("plan", "4f9a1c")])
def test_a_marker_counts_for_its_own_run_and_purpose_only(purpose: str, run: str) -> None:
    body = MARKERS.make("status", "4f9a1c")

    assert not MARKERS.ours(comment(body), BOT, purpose, run)


def test_a_comment_of_a_deleted_account_is_not_ours() -> None:
    body = MARKERS.make("status", "4f9a1c")

    assert not MARKERS.ours({"user": None, "body": body}, BOT, "status", "4f9a1c")


def test_only_our_part_of_a_body_is_replaced() -> None:
    whole = f"Before\n\n{MARKERS.wrap('old', '4f9a1c')}\n\nAfter"

    replaced = MARKERS.replace(whole, MARKERS.wrap("new", "4f9a1c"), "4f9a1c")

    assert replaced == f"Before\n\n{MARKERS.wrap('new', '4f9a1c')}\n\nAfter"


def test_a_body_without_our_markers_keeps_all_of_it_below_ours() -> None:
    part = MARKERS.wrap("new", "4f9a1c")

    assert MARKERS.replace("Their words", part, "4f9a1c") == f"{part}\n\nTheir words"


def test_a_forged_end_marker_ends_nothing() -> None:
    whole = f"{BEGIN}\nx\n{OTHERS.make('end', '4f9a1c')}\nTheir words"
    part = MARKERS.wrap("new", "4f9a1c")

    assert MARKERS.replace(whole, part, "4f9a1c").endswith("Their words")


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Markers(b"short")


def test_our_part_is_what_stands_before_its_genuine_end() -> None:
    ours = MARKERS.wrap("Closes #7", "4f9a1c")
    forged = Markers(b"f" * 32).wrap("Closes #8", "4f9a1c")

    assert MARKERS.part(f"- [ ] Stop\n\n{ours}\n\n- [ ] Retry") == ours
    assert MARKERS.part(f"<!-- coppice:begin -->\n{ours}") == ours
    assert MARKERS.part(f"{forged}\n\n{ours}") == ours
    assert MARKERS.part(forged) == ""
