"""What tokens cost: the operator's table, else the prices that `genai-prices` brings along."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from bot.agent.catalogue import Endpoint, PriceTable
from bot.agent.gateway.tokens import Tokens

_CLOSED = frozenset({"anthropic", "openai", "google", "x-ai"})
"""Whose models nobody else serves, so that their name alone tells the price."""
_OPEN_MODELS = ("gemma", "gpt-oss", "/")


class Price(Protocol):
    """What one endpoint costs."""

    @property
    def by_token(self) -> bool:
        """Does each token cost something?"""
        ...

    @property
    def window(self) -> int | None:
        """Tokens that the model takes, where that is known."""
        ...

    @property
    def minute(self) -> float:
        """Dollars for each minute during which it answers."""
        ...

    def usd(self, tokens: Tokens, *, seconds: float) -> float | None:
        """Price a call; None: nobody knows."""
        ...

    def most(self, tokens: Tokens, *, seconds: float) -> float | None:
        """Price a call at the dearest way to take the same tokens; None: nobody knows."""
        ...


def price_of(endpoint: Endpoint) -> Price:
    """Find the price of an endpoint; imports 2 MB of prices, so call it from a thread."""
    if endpoint.is_subscription:
        return Unknown()
    if endpoint.price is not None:
        return Table(endpoint.price)
    return Listed.find(endpoint) or Unknown()


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody knows the price, or nothing is paid by the call."""

    by_token: bool = False
    window: int | None = None
    minute: float = 0.0

    def usd(self, tokens: Tokens, *, seconds: float) -> float | None:
        return None

    most = usd


@dataclass(frozen=True, slots=True)
class Table:
    """The operator's own price."""

    table: PriceTable
    window: int | None = None

    @property
    def by_token(self) -> bool:
        return bool(self.table.input or self.table.output)

    @property
    def minute(self) -> float:
        return self.table.gpu_minute or 0.0

    def usd(self, tokens: Tokens, *, seconds: float) -> float | None:
        table = self.table
        cached = table.input if table.cached is None else table.cached
        millions = (
            (tokens.input - tokens.cached) * (table.input or 0.0)
            + tokens.cached * (cached or 0.0)
            + tokens.output * (table.output or 0.0)
        )
        return millions / 1e6 + seconds / 60 * (table.gpu_minute or 0.0)

    def most(self, tokens: Tokens, *, seconds: float) -> float | None:
        dearest = max(self.table.input or 0.0, self.table.cached or 0.0)
        tokens_usd = (tokens.input * dearest + tokens.output * (self.table.output or 0.0)) / 1e6
        return tokens_usd + seconds / 60 * (self.table.gpu_minute or 0.0)


@dataclass(frozen=True, slots=True)
class Listed:
    """A price of the list that came with the package; it is never fetched anew."""

    provider: str
    model: str
    window: int | None
    by_token: bool = True
    minute: float = 0.0

    @classmethod
    def find(cls, endpoint: Endpoint) -> "Listed | None":
        from genai_prices.data_snapshot import get_snapshot

        prices, model = get_snapshot(), endpoint.model
        try:
            provider, found = prices.find_provider_model(model, None, None, endpoint.url)
        except LookupError:
            if any(part in model.lower() for part in _OPEN_MODELS):
                return None
            try:
                provider, found = prices.find_provider_model(model, None, None, None)
            except LookupError:
                return None
            if provider.id not in _CLOSED:
                return None
        return cls(provider=provider.id, model=model, window=found.context_window)

    def usd(self, tokens: Tokens, *, seconds: float) -> float | None:
        from genai_prices import Usage, calc_price

        usage = Usage(
            input_tokens=tokens.input,
            cache_read_tokens=tokens.cached or None,
            cache_write_tokens=tokens.written or None,
            cache_write_1h_tokens=tokens.written_hour or None,
            output_tokens=tokens.output,
        )
        try:
            price = calc_price(
                usage,
                self.model,
                provider_id=self.provider,
                genai_request_timestamp=datetime.now(UTC),
            )
        except (LookupError, ValueError):  # counts that contradict one another
            return None
        return float(price.total_price)

    def most(self, tokens: Tokens, *, seconds: float) -> float | None:
        n, output = tokens.input, tokens.output
        ways = (
            Tokens(input=n, output=output),
            Tokens(input=n, output=output, written=n),
            Tokens(input=n, output=output, written=n, written_hour=n),
        )
        priced = [usd for way in ways if (usd := self.usd(way, seconds=seconds)) is not None]
        return max(priced, default=None)
