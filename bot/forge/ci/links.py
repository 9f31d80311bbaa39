"""Texts behind an address that nobody can guess: logs, as GitHub serves them for a minute."""

import secrets

from bot.forge.state import State

PATH = "/_forge/logs/"
SECONDS = 60.0


def link(state: State, text: str, *, seconds: float | None = None) -> str:
    """Serve a text under a new address; ``seconds`` None: for good."""
    over = [key for key, (_, until) in state.texts.items() if _is_over(state, until)]
    for key in over:
        del state.texts[key]
    key = secrets.token_urlsafe(24)
    state.texts[key] = (text, None if seconds is None else state.clock() + seconds)
    return f"{state.html_url}{PATH}{key}"


def text_of(state: State, key: str) -> str | None:
    """The text of an address; None when it never was, or is over."""
    text, until = state.texts.get(key, ("", 0.0))
    return None if _is_over(state, until) else text


def _is_over(state: State, until: float | None) -> bool:
    return until is not None and state.clock() >= until
