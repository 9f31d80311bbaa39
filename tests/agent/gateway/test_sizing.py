"""The bound on a request's tokens: never below what they can be, close once something is known."""

import json

from bot.agent.gateway.asking import Ask
from bot.agent.gateway.sizing import Sizer


def ask(*messages: str) -> Ask:
    payload = json.dumps({"messages": messages, "tools": ["t" * 300]}).encode()
    return Ask(
        payload=payload,
        stream=False,
        words=len(payload),
        pictures=0,
        output=100,
        added=frozenset(),
    )


def test_an_unknown_request_has_a_token_for_each_byte_at_most() -> None:
    first = ask("a" * 1000)

    assert Sizer().most(first) == len(first.payload)


def test_a_picture_counts_by_itself() -> None:
    picture = Ask(
        payload=b"x" * 10_000, stream=False, words=500, pictures=1, output=1, added=frozenset()
    )

    assert Sizer().most(picture) == 8500


def test_only_what_was_added_to_a_known_request_counts_byte_by_byte() -> None:
    sizer = Sizer()
    sizer.learn(ask("a" * 1000), 300)

    most = sizer.most(ask("a" * 1000, "b" * 50))

    assert 300 + 50 <= most <= 300 * 1.02 + 50 + 10


def test_other_words_of_the_same_length_are_not_taken_for_the_known_ones() -> None:
    sizer = Sizer()
    sizer.learn(ask("a" * 1000), 300)

    assert sizer.most(ask("9" * 1000)) >= 300 + 1000


def test_what_is_known_never_makes_the_bound_worse() -> None:
    sizer = Sizer()
    sizer.learn(ask("a" * 1000), 10**6)
    short = ask("b")

    assert sizer.most(short) == len(short.payload)
