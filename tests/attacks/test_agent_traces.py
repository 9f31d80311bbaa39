"""The net with which these tests look for secrets: they are worth what it is worth."""

import pytest

from tests.attacks import hunt
from tests.attacks.den import CONTROL
from tests.attacks.traces import traces


@pytest.mark.parametrize("name", sorted(hunt.spellings(b"x")))
def test_no_spelling_of_a_secret_escapes_it(name: str) -> None:
    text = hunt.spellings(CONTROL.encode())[name]

    assert traces(CONTROL, f'{{"detail": "some words {text} and more"}}'.encode())


def test_it_takes_nothing_else_for_a_secret() -> None:
    assert traces(CONTROL, b"canary of another kind, 0123456, in pieces: 789abcd") == set()
