"""A range-diff for people: its head and its tail."""

from bot.engine.rounds.comparing import HEAD, TAIL, cut


def test_a_short_one_is_shown_as_it_is() -> None:
    assert cut("1:  a = 1:  b Work\n") == "1:  a = 1:  b Work"
    assert cut("\n") is None


def test_a_long_one_keeps_head_and_tail_and_says_so() -> None:
    shown = cut("\n".join(str(n) for n in range(1000)))

    assert shown is not None
    lines = shown.splitlines()
    assert len(lines) == HEAD + TAIL + 1
    assert (lines[0], lines[HEAD], lines[-1]) == ("0", "(… 840 lines left out …)", "999")
