"""What people wrote to a run is kept in order, and once."""

from bot.runs import Json, Note, Work


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


FIRST = Note(by="ana", text="Use `trim`.", comment_id=1)
SECOND = Note(by="raj", text="And test it.", comment_id=2)


def waiting(*notes: Note, **more: Json) -> Work:
    return Work(notes=notes, **more)


def after(changes: list[Json], **more: Json) -> Work:
    return Work.model_validate({"notes": changes, **more})


def test_what_is_told_twice_waits_once() -> None:
    assert after(waiting(FIRST).noted(FIRST)).notes == (FIRST,)
    assert after(waiting(FIRST).noted(SECOND)).notes == (FIRST, SECOND)


def test_a_round_takes_in_all_that_waits_and_asks_for_no_other_when_its_message_comes() -> None:
    begun = after(waiting(FIRST, SECOND).taken_in(FIRST, (FIRST.text, SECOND.text)))
    done = begun.model_copy(update={"rounds_made": 1})

    assert not begun.heard(SECOND)  # a step that is done again takes it in again
    assert done.heard(SECOND)
    assert done.unheard == ()
    assert done.without(SECOND) == []


def test_what_came_while_a_round_worked_is_heard_of_after_it() -> None:
    begun = after(waiting(FIRST).taken_in(FIRST, (FIRST.text,)))
    later = after(begun.noted(SECOND), rounds_made=1)

    assert later.unheard == (SECOND,)
    assert not later.heard(SECOND)


def test_a_note_that_is_not_written_down_was_sent_by_an_older_release() -> None:
    assert not Work().heard(FIRST)


def test_a_run_that_goes_on_gathers_all_words_in_their_order() -> None:
    work = waiting(FIRST, SECOND, note="Be quick.")

    assert work.gathered("Please.") == "Be quick.\n\nUse `trim`.\n\nAnd test it.\n\nPlease."
    assert Work().gathered(None) is None
