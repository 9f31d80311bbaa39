"""What people wrote to a run is kept in order, and once."""

from bot.runs import Work


def test_notes_are_kept_in_the_order_in_which_they_came() -> None:
    first = Work(note=Work().with_note("Use `trim`."))

    assert first.with_note("And test it.") == "Use `trim`.\n\nAnd test it."


def test_a_step_that_is_done_again_after_a_kill_adds_nothing_twice() -> None:
    first = Work(note=Work().with_note("Use `trim`."))
    second = Work(note=first.with_note("And test it."))

    assert first.with_note("Use `trim`.") == first.note
    assert second.with_note("And test it.") == second.note


def test_no_words_add_nothing() -> None:
    assert Work(note="Use `trim`.").with_note("") == "Use `trim`."
    assert Work().with_note("") == ""
