"""What goes to whoever helps holds no words of people."""

import pytest

from bot.store.keeping.outline import shape


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        (
            "/coppice run call Jane on 555-0100 needs write access; raj has triage",
            "… needs write access; … has triage",
        ),
        (
            "label customer acme needs write access; eve has read",
            "… needs write access; … has read",
        ),
        ("label `customer acme` is not a trigger", "label `…` is not a trigger"),
        ("sender acme-bot[bot] is a bot", "sender … is a bot"),
        ("pull request #7 was closed by eve", "pull request #7 was closed by …"),
        ("no command in the comment", "no command in the comment"),
        (None, None),
    ],
)
def test_of_a_reason_only_our_own_words_are_left(reason: str | None, shown: str | None) -> None:
    assert shape(reason) == shown


def test_a_reason_that_is_somebodys_letter_is_cut() -> None:
    assert len(shape("x" * 10_000) or "") == 200
