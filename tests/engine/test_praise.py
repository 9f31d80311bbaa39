"""Which words of an approving review are a request."""

import pytest

from bot.engine.rounds.praise import asks


@pytest.mark.parametrize(
    "body",
    [
        "",
        "LGTM",
        "lgtm!!! :rocket: :+1:",
        "\U0001f44d",
        "Looks good to me, thanks.",
        "Great work, the tests are thorough!\n\nThank you.",
        "Tested on staging. Works.",
        "No further comments.",
        "Nothing to add, nice.",
        "Nice fix!",
        "Thanks for the change.",
        "> could you rename x?\n\nThanks, good now.",
        "Nice. <!-- could you rename x -->",
    ],
)
def test_praise_alone_asks_for_nothing(body: str) -> None:
    assert asks(body) is False


@pytest.mark.parametrize(
    "body",
    [
        "LGTM, but please rename x",
        "LGTM. Rename `x` to `y` afterwards.",
        "Looks good\u2014could the default be 3?",
        "Nice! One nit: the docstring.",
        "LGTM\n\n- [ ] changelog",
        "Approved once the typo is gone.",
        "Bitte x umbenennen",
        "Good. Fix the other caller too.",
        "Works, yet the name doesn\u2019t say what it is",
        "LGTM\n```suggestion\nx = 1\n```",
    ],
)
def test_a_request_is_heard_behind_any_praise(body: str) -> None:
    assert asks(body) is True
