"""Money, tokens, turns and minutes: what may be spent, and what was."""

import re
from typing import Annotated

from pydantic import Field

from bot.runs.record import Record

_Count = Annotated[int, Field(ge=0)]


class Budget(Record):
    """What may be spent at most; None: this kind is not bounded here."""

    usd: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    tokens: _Count | None = None
    """Input and output, cached and reasoning ones too."""
    turns: _Count | None = None
    """Calls of a model."""
    minutes: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None

    def __str__(self) -> str:
        """Write it as people do, so that `parse_budget` reads it again; empty: no bound."""
        given = ((word, getattr(self, name)) for word, name in _FIELDS.items())
        return " ".join(f"{value:.12g}{word}" for word, value in given if value is not None)


REACHED = "budget reached"
SHARED = f"{REACHED} ("
"""So begins what is said where a budget is used up that others share; its name follows."""


OF_ATTEMPT = "the budget of one attempt"


class Budgets(Record):
    """What the operator lets be spent, by whom and in which time."""

    run: Budget = Budget()
    attempt: Budget = Budget()
    person_day: Budget = Budget()
    repository_day: Budget = Budget()
    month: Budget = Budget()
    """Of an installation; days and months are those of UTC."""


_PART = re.compile(
    r"(\d{1,9}(?:\.\d{1,6})?(?=usd|min)|\d{1,12}(?=t))(usd|min|tokens|turns)", re.ASCII
)
_FIELDS = {"usd": "usd", "min": "minutes", "tokens": "tokens", "turns": "turns"}


def parse_budget(text: str) -> Budget:
    """Read a budget as people write it: `5usd`, `2usd 30min`, `2000000tokens 200turns`.

    Raises ValueError that says how it is written.
    """
    found: dict[str, float] = {}
    for word in text.replace(",", " ").lower().split():
        match = _PART.fullmatch(word)
        if match is None or _FIELDS[match[2]] in found:
            raise ValueError(
                f"`{text[:60]}` is no budget: write it as `5usd`, or `2usd 30min 200turns`"
            )
        found[_FIELDS[match[2]]] = float(match[1])
    return Budget.model_validate(found)


class Spend(Record):
    """What calls of models came to."""

    calls: _Count = 0
    input_tokens: _Count = 0
    """Cached ones too."""
    cached_tokens: _Count = 0
    output_tokens: _Count = 0
    """Reasoning ones too."""
    reasoning_tokens: _Count = 0
    usd: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    """Of the calls whose price is known."""
    unpriced: _Count = 0
    """Calls whose price nobody knows: shown as unknown, bounded by tokens."""
    unpriced_tokens: _Count = 0
    """Of those calls."""
    subscribed: _Count = 0
    """Calls that a subscription pays: they cost no dollars of their own."""
    unanswered: _Count = 0
    """Calls that reached no model, or came to nothing there."""
    estimated: _Count = 0
    """Calls whose tokens the endpoint did not tell."""
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    """During which a model was answering."""

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    @property
    def answered(self) -> int:
        return self.calls - self.unanswered

    def __add__(self, other: "Spend") -> "Spend":
        fields = Spend.model_fields
        return Spend(**{name: getattr(self, name) + getattr(other, name) for name in fields})
