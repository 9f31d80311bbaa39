"""Money, tokens, turns and minutes: what may be spent, and what was."""

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
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    """During which a model was answering."""

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    def __add__(self, other: "Spend") -> "Spend":
        fields = Spend.model_fields
        return Spend(**{name: getattr(self, name) + getattr(other, name) for name in fields})
