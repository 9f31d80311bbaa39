"""The operator's catalogue: the endpoints at which models answer, and what agents may be chosen.

It comes from `COPPICE_MODEL_URL` and its like, which make one endpoint named `default`, or from
the YAML file that `COPPICE_MODELS_FILE` names.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from bot.agent.runtime import Api
from bot.errors import OperatorError, StageFailed
from bot.runs import Json
from bot.settings import PREFIX, ModelSettings

DEFAULT = "default"
"""The endpoint that the settings make without a file."""

_Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$")]
_Model = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[!-~]{1,200}$")]
_Usd = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_HOSTS = {"anthropic.com": Api.MESSAGES, "googleapis.com": Api.GENERATE}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class PriceTable(_Part):
    """What an endpoint costs by the operator's word; dollars per million tokens."""

    input: _Usd | None = None
    output: _Usd | None = None
    cached: _Usd | None = None
    """Of input that came from a cache; as `input` when it is not given."""
    gpu_minute: _Usd | None = None
    """Dollars for each minute during which it answers."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.input is None) != (self.output is None):
            raise ValueError("needs both `input` and `output`, or neither")
        if self.input is None and self.gpu_minute is None:
            raise ValueError("needs `input` and `output`, or `gpu_minute`")
        return self


class Endpoint(_Part):
    """Where one model answers."""

    url: str
    """Up to, not including, what the protocol itself puts behind it."""
    api: Api
    model: _Model
    aliases: tuple[_Model, ...] = ()
    """Other names, `*` in them, under which agents may ask for it (for titles and the like)."""
    key: SecretStr | None = None
    key_file: Path | None = None
    bearer_file: Path | None = None
    """File with the token of a subscription: nothing is paid by the call."""
    headers: dict[str, SecretStr] = {}
    """Headers to send besides; as secret as the key."""
    parallel: Annotated[int, Field(ge=1)] | None = None
    """How many attempts it serves at once; None: any number."""
    price: PriceTable | None = None
    """None: the price that `genai-prices` knows for the model at this host."""
    window: Annotated[int, Field(ge=1024)] | None = None
    """Tokens that input and output may come to together."""
    max_output: Annotated[int, Field(ge=256)] = 8192
    """Tokens that an answer may have where the request does not say; only where they are paid.

    As many are set aside before a call goes out: at 32,000 that would be half a dollar."""
    first_byte_seconds: Annotated[float, Field(gt=0, le=3600)] = 300.0
    """How long an answer may take to begin, and be silent in between."""
    call_seconds: Annotated[float, Field(gt=0, le=14_400)] = 1200.0
    """How long one answer may take in all."""
    fallback: _Name | None = None
    """Endpoint that takes its place while it is down."""

    @field_validator("url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an address that begins with https:// or http://")
        if parts.username or parts.query or parts.fragment:
            raise ValueError("must be an address without a user, `?` or `#` in it")
        return value.rstrip("/")

    @field_validator("headers")
    @classmethod
    def _check_headers(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, secret in value.items():
            printable = re.fullmatch(r"[ -~]*", secret.get_secret_value())
            if not re.fullmatch(r"[A-Za-z0-9-]+", name) or not printable:
                raise ValueError(f"`{name[:60]}` is no header that can be sent")
        return value

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        given = [self.key and self.key.get_secret_value(), self.key_file, self.bearer_file]
        if sum(map(bool, given)) > 1:
            raise ValueError("takes one of `key`, `key_file` and `bearer_file`")
        return self

    @property
    def is_subscription(self) -> bool:
        return self.bearer_file is not None

    def credential(self) -> str:
        """Read the key or token, anew each time: tokens of subscriptions are changed on disk.

        Empty: the endpoint needs none. Raises OperatorError where its file cannot be read.
        """
        if self.key is not None:
            return self.key.get_secret_value()
        file = self.key_file or self.bearer_file
        if file is None:
            return ""
        try:
            text = file.expanduser().read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise OperatorError(f"the model key in {file} cannot be read: {reason}") from error
        if not re.fullmatch(r"[!-~]{1,16384}", text):
            raise OperatorError(f"the model key in {file} is no key: one line, without spaces")
        return text


class ToolServer(_Part):
    """An MCP server that the operator lets agents use, in a box of its own."""

    argv: Annotated[tuple[str, ...], Field(min_length=1)]


class Catalogue(_Part):
    """Everything that `COPPICE_MODELS_FILE` may say."""

    endpoints: Annotated[dict[_Name, Endpoint], Field(min_length=1)]
    agents: tuple[_Name, ...] = ()
    """Agents that a repository may choose; empty: only `COPPICE_AGENT`."""
    profiles: dict[_Name, dict[str, Json]] = {}
    """Agents of the operator's own, in the shape of `bot.agent.profiles`."""
    mcp: dict[_Name, ToolServer] = {}

    @model_validator(mode="after")
    def _fallbacks(self) -> Self:
        for name, endpoint in self.endpoints.items():
            other = self.endpoints.get(endpoint.fallback or name)
            if other is None or (endpoint.fallback == name):
                raise ValueError(f"`endpoints.{name}.fallback` names no other endpoint")
            if other.api is not endpoint.api:
                raise ValueError(
                    f"`endpoints.{name}` speaks {endpoint.api} and its fallback {other.api}:"
                    " an agent cannot change the protocol in the middle of its work"
                )
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The endpoints, the one to use where nobody names one first."""
        return tuple(self.endpoints)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be written to a log, as far as it stands in the catalogue itself."""
        kept = [
            secret
            for endpoint in self.endpoints.values()
            for secret in (endpoint.key, *endpoint.headers.values())
        ]
        return tuple(secret.get_secret_value() for secret in kept if secret)

    def endpoint(self, name: str) -> Endpoint:
        """Find an endpoint; raises StageFailed `no_model` that names the known ones."""
        if name in self.endpoints:
            return self.endpoints[name]
        known = ", ".join(f"`{known}`" for known in self.names)
        raise StageFailed(
            "no_model", f"there is no model endpoint `{name[:60]}`; there is: {known}", blocked=True
        )


def load(settings: ModelSettings) -> Catalogue | None:
    """Make the catalogue of the settings; None: they name no model.

    Raises OperatorError that names the key, and the nearest one that there is.
    """
    if settings.models_file is None:
        return _from_environment(settings) if settings.model_url else None
    if settings.model_url:
        raise OperatorError(
            f"{PREFIX}MODEL_URL and {PREFIX}MODELS_FILE are both set: keep one of them"
        )
    return read(settings.models_file)


def read(path: Path) -> Catalogue:
    """Read a catalogue from its file."""
    try:
        data = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        reason = str(getattr(error, "problem", None) or getattr(error, "strerror", None) or error)
        raise OperatorError(f"{PREFIX}MODELS_FILE: {path} cannot be read: {reason}") from error
    if not isinstance(data, dict):
        raise OperatorError(f"{PREFIX}MODELS_FILE: {path} must be a map with `endpoints` in it")
    try:
        return Catalogue.model_validate(data)
    except ValidationError as error:
        said = "\n".join(_said(one) for one in error.errors(include_url=False))
        raise OperatorError(f"{PREFIX}MODELS_FILE: {path}:\n{said}") from error


def guess_api(url: str) -> Api:
    """Tell the protocol by the host; what is neither Anthropic's nor Google's speaks OpenAI's."""
    host = urlsplit(url).hostname or ""
    return next((api for end, api in _HOSTS.items() if _lies_in(host, end)), Api.CHAT)


def _lies_in(host: str, domain: str) -> bool:
    return host == domain or host.endswith("." + domain)


def _from_environment(settings: ModelSettings) -> Catalogue:
    if not settings.model:
        raise OperatorError(f"{PREFIX}MODEL is missing: name the model that answers there")
    key = settings.model_key.get_secret_value()
    api = settings.model_api
    try:
        endpoint = Endpoint(
            url=settings.model_url,
            api=guess_api(settings.model_url) if api == "auto" else Api(api),
            model=settings.model,
            key=SecretStr(key) if key else None,
        )
    except ValidationError as error:
        said = "; ".join(str(one["msg"]) for one in error.errors(include_url=False))
        raise OperatorError(f"{PREFIX}MODEL_URL or {PREFIX}MODEL cannot be used: {said}") from error
    return Catalogue(endpoints={DEFAULT: endpoint})


def _said(error: Any) -> str:
    at = [str(part) for part in error["loc"] if part != "[key]"]
    key = ".".join(at)
    if error["type"] != "extra_forbidden":
        message = str(error["msg"]).removeprefix("Value error, ")
        return f"`{key}`: {message}" if key else message
    near = get_close_matches(at[-1], _fields(at), n=1, cutoff=0.5)
    return f"unknown key `{key}`" + (f"; did you mean `{near[0]}`?" if near else "")


def _fields(at: list[str]) -> list[str]:
    """List the keys that there may be where an unknown one stands."""
    levels: Mapping[int, type[BaseModel]] = {1: Catalogue, 3: Endpoint, 4: PriceTable}
    kind = ToolServer if at[0] == "mcp" else levels.get(len(at), Endpoint)
    return list(kind.model_fields)
