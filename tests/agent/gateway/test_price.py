"""Prices against what a person works out from the vendors' own lists."""

import pytest

from bot.agent.catalogue import Endpoint, PriceTable
from bot.agent.gateway.price import price_of
from bot.agent.gateway.tokens import Tokens
from bot.agent.runtime import Api

SONNET = ("https://api.anthropic.com", "claude-sonnet-4-5")
GPT = ("https://api.openai.com/v1", "gpt-5")
MILLION = 1e6


def usd(url: str, model: str, tokens: Tokens) -> float | None:
    return price_of(Endpoint(url=url, api=Api.CHAT, model=model)).usd(tokens, seconds=60)


@pytest.mark.parametrize(
    ("endpoint", "tokens", "by_hand"),
    [
        (SONNET, Tokens(input=1000, output=50), (1000 * 3 + 50 * 15) / MILLION),
        (SONNET, Tokens(input=1000, cached=200, output=50), (800 * 3 + 200 * 0.3 + 750) / MILLION),
        (
            SONNET,
            Tokens(input=1000, cached=200, written=300, output=50),
            (500 * 3 + 200 * 0.3 + 300 * 3.75 + 750) / MILLION,
        ),
        (
            SONNET,
            Tokens(input=1000, cached=200, written=300, written_hour=100, output=50),
            (500 * 3 + 200 * 0.3 + 200 * 3.75 + 100 * 6 + 750) / MILLION,
        ),
        (GPT, Tokens(input=1000, cached=200, output=50, reasoning=20), (1000 + 25 + 500) / MILLION),
        (("http://127.0.0.1:4000", "gpt-5"), Tokens(input=1000), 1250 / MILLION),
        (("http://127.0.0.1:11434/v1", "deepseek-r1:7b"), Tokens(input=1000), None),
        (("http://127.0.0.1:11434/v1", "gpt-oss:20b"), Tokens(input=1000), None),
        (("http://127.0.0.1:11434/v1", "gemma3:12b"), Tokens(input=1000), None),
        (("http://127.0.0.1:11434/v1", "anything"), Tokens(input=1000), None),
        (("https://api.openai.com/v1", "no-such-model"), Tokens(input=1000), None),
    ],
)
def test_a_price_is_as_a_person_works_it_out(
    endpoint: tuple[str, str], tokens: Tokens, by_hand: float | None
) -> None:
    found = usd(*endpoint, tokens)

    assert found is by_hand is None or found == pytest.approx(by_hand, abs=1e-9)


@pytest.mark.parametrize(
    "tokens",
    [
        Tokens(input=1000, output=50),
        Tokens(input=1000, cached=1000, output=50),
        Tokens(input=1000, written=1000, output=50),
        Tokens(input=1000, written=1000, written_hour=1000, output=50),
    ],
)
@pytest.mark.parametrize("endpoint", [SONNET, GPT])
def test_no_way_to_take_the_same_tokens_is_dearer_than_what_is_reserved(
    endpoint: tuple[str, str], tokens: Tokens
) -> None:
    url, model = endpoint
    price = price_of(Endpoint(url=url, api=Api.CHAT, model=model))
    real = price.usd(tokens, seconds=1)
    reserved = price.most(Tokens(input=1000, output=50), seconds=60)

    assert real is not None
    assert reserved is not None
    assert 0 < real <= reserved


def test_the_operators_table_goes_before_the_list() -> None:
    table = PriceTable(input=1, output=2, cached=0.5, gpu_minute=0.1)
    endpoint = Endpoint(url=SONNET[0], api=Api.MESSAGES, model=SONNET[1], price=table)
    found = price_of(endpoint).usd(Tokens(input=1000, cached=400, output=50), seconds=30)

    assert found == pytest.approx((600 + 200 + 100) / MILLION + 0.05)
