"""Pass every text of an effect through a filter before it goes out."""

from collections.abc import Callable
from typing import Any

from bot.runs import Effect


def with_texts(effect: Effect, clear: Callable[[str], str]) -> Effect:
    """Answer the effect with each of its texts as ``clear`` gives it back."""
    given = effect.model_dump()
    wanted = _texts(given, clear)
    return effect if wanted == given else type(effect).model_validate(wanted)


def _texts(value: Any, clear: Callable[[str], str]) -> Any:
    if type(value) is str:
        return clear(value)
    if isinstance(value, dict):
        return {key: _texts(inner, clear) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_texts(inner, clear) for inner in value)
    return value
