"""What `coppice doctor` says of the endpoints of models, without calling them."""

from urllib.parse import urlsplit

from bot.agent.catalogue import Endpoint, load
from bot.agent.gateway.metering import LEAST_PART
from bot.agent.gateway.price import price_of
from bot.agent.gateway.tokens import Tokens
from bot.cli.check import Check, bad, good
from bot.errors import OperatorError
from bot.settings import PREFIX, ModelSettings

_SHORTER = f"Lower `call_seconds` of the endpoint, or raise {PREFIX}BUDGET_RUN."


def examine_models(settings: ModelSettings) -> list[Check]:
    """Check the catalogue: each endpoint with its model, its price, and whether it has a key."""
    try:
        catalogue = load(settings)
    except OperatorError as error:
        return [bad("models", str(error), "Correct it; docs/models.md has examples.")]
    if catalogue is None:
        return []
    most = settings.budgets.run.usd
    return [_endpoint(name, endpoint, most) for name, endpoint in catalogue.endpoints.items()]


def _endpoint(name: str, endpoint: Endpoint, most: float | None) -> Check:
    """``most`` is what a run may cost."""
    check = f"model endpoint {name}"
    try:
        key = endpoint.credential()
    except OperatorError as error:
        return bad(check, str(error), "Put the key there, as one line, readable for this user.")
    minute = (endpoint.price and endpoint.price.gpu_minute) or 0.0
    seconds = endpoint.call_seconds * LEAST_PART
    call = minute * seconds / 60
    if most is not None and call > most:
        said = f"{seconds:g} s of it cost ${call:.2f}, and a run may cost ${most:.2f}"
        return bad(check, f"{said}: none would be let out", _SHORTER)
    host = urlsplit(endpoint.url).netloc
    with_key = "with a key" if key else "without a key"
    place = f"{endpoint.model} at {host} ({endpoint.api.value}), {with_key}"
    return good(check, f"{place}; {_price(endpoint)}")


def _price(endpoint: Endpoint) -> str:
    if endpoint.is_subscription:
        return "a subscription pays: tokens, turns and minutes bind"
    usd = price_of(endpoint).usd(Tokens(input=1_000, output=1_000), seconds=60)
    if usd is None:
        return "its price is unknown: a dollar binds as a million tokens"
    return f"${usd:.4f} for a minute with 1,000 tokens in and 1,000 out"
