"""What settings have in common: where they are read from, and what their values may be."""

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import SecretStr, ValidationInfo
from pydantic_settings import SettingsConfigDict

PREFIX = "COPPICE_"
ENV_FILE = ".env"
"""Of the working directory."""
USUAL = frozenset(
    {"https_proxy", "no_proxy", "otel_exporter_otlp_endpoint", "otel_exporter_otlp_headers"}
)
"""Settings whose variables other programs know too, without the prefix."""

CONFIG = SettingsConfigDict(
    env_prefix=PREFIX,
    env_file=ENV_FILE,
    env_ignore_empty=True,
    extra="ignore",
    populate_by_name=True,
    frozen=True,
    validate_default=True,
    hide_input_in_errors=True,
)


def variable(field: str) -> str:
    """Name the variable that a setting is read from."""
    return field.upper() if field in USUAL else PREFIX + field.upper()


def address(value: object) -> object:
    """Require an address of the web, where one is given at all."""
    if not value:
        return value
    parts = urlsplit(str(value))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address that begins with https:// or http://")
    try:
        _ = parts.port
    except ValueError as error:
        raise ValueError("must be an address whose port is a number up to 65535") from error
    return str(value).rstrip("/")


def passwords(url: str | None) -> tuple[str, ...]:
    """List what must not be shown of an address: its password, as written and as it is meant."""
    parts = urlsplit(url or "")
    alone = parts.username if parts.scheme.startswith("http") and not parts.password else None
    written = filter(None, (parts.password, alone))
    asked = parse_qs(parts.query)
    named = [each for key in ("password", "sslpassword") for each in asked.get(key, ())]
    return tuple({secret for each in written for secret in (each, unquote(each))} | {*named})


def absolute(value: Path) -> Path:
    """Put the home directory in the place of `~`. Raises ValueError."""
    try:
        return value.expanduser().absolute()
    except RuntimeError as error:
        raise ValueError(f"names {value}, and there is no such home directory") from error


def is_text(given: str) -> bool:
    """Tell text from bytes that are none, which Python gives as halves of signs."""
    return not any("\ud800" <= sign <= "\udfff" for sign in given)


def existing(value: Path | None) -> Path | None:
    """Require a path that exists, where one is given at all."""
    if value is None:
        return None
    if not absolute(value).exists():
        raise ValueError(f"names {value}, which does not exist")
    return absolute(value)


def directory(value: Path | None) -> Path | None:
    """Require that a path, where one is given and something is there, is a directory's."""
    if value is not None and absolute(value).exists() and not absolute(value).is_dir():
        raise ValueError(f"names {value}, which is no directory")
    return value


def secret(value: object, info: ValidationInfo) -> str:
    """Give the text of a secret setting, from its file when one is named."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")
    file = info.data.get(f"{info.field_name}_file")
    if file is None:
        return text.strip()
    if text:
        raise ValueError("and its _FILE are both set: keep one of them")
    try:
        return absolute(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ValueError(f"cannot be read from {file}: {reason}") from error
