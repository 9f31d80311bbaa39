"""Errors of ours are kept by the engine and come back as they were."""

import pickle

import pytest

from bot.errors import CoppiceError, EffectDelayed, EffectRefused, GitError, StageFailed, Unreadable
from bot.github.answers import KeyRefused, RateLimited, Refusal, Unanswered


@pytest.mark.parametrize(
    "error",
    [
        EffectRefused("no_access", "The App may not."),
        EffectDelayed("GitHub asks to wait", 30.0),
        StageFailed("no_changes", "nothing changed", blocked=True),
        GitError("push", 128, "rejected"),
        Unreadable("run 1", "it is newer"),
        Refusal("gone", "not there", status=404, errors=("a", "b")),
        RateLimited("a limit", 60.0),
        Unanswered("silence", 10.0),
        KeyRefused(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_is_the_same_after_a_restart(error: CoppiceError) -> None:
    back = pickle.loads(pickle.dumps(error))

    assert (type(back), str(back), vars(back)) == (type(error), str(error), vars(error))
