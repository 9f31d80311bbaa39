"""What `coppice serve` needs: everything."""

import re
from pathlib import Path
from socket import gethostname
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from bot.settings.box import BoxSettings
from bot.settings.door import DoorSettings
from bot.settings.models import ModelSettings
from bot.settings.values import address, directory, existing, passwords, secret

MOST_RUNS = 10_000
"""At work at once; far more than a machine can do, and little enough for a database."""
DAY = 86_400
"""Seconds; the sweep finds nothing that lies more than three days back."""
PAGES = ("github.com", "www.github.com")
CLOUD = (".github.com", ".ghe.com")
"""There the REST API has a host of its own, `api.…`, and no path."""
LOCAL = "local"
"""The one worker of an SQLite file."""


class Settings(DoorSettings, BoxSettings, ModelSettings):
    """What `coppice serve` needs."""

    github_url: str = "https://api.github.com"
    """Root of the REST API; `https://HOST/api/v3` on GitHub Enterprise Server."""
    github_html_url: str = ""
    """Root of the pages and of git; found from the REST address when it is not given."""
    app_id: int = Field(default=0, ge=1, lt=2**63)
    private_key_file: Path | None = None
    private_key: SecretStr = SecretStr("")
    ca_file: Path | None = None
    """Certificates to trust for GitHub, besides those of the system."""
    agent: str = ""
    """The coding agent; `loop` where a model is named, else `scripted`."""
    scripts: Path | None = None
    """Scripts of the scripted agent; the demo's when it is not given."""
    bots: Annotated[tuple[int, ...], NoDecode] = ()
    """User ids of bots that may steer as people with their permission may, commas between them."""
    sweep_seconds: float = Field(default=300.0, ge=0, le=DAY, allow_inf_nan=False)
    """Seconds between two looks in GitHub's delivery log for missed deliveries; 0: never."""
    worker: str = ""
    """Name of this worker among those of one PostgreSQL database, the same at every start; the
    host's name when it is not given. On SQLite there is one, `local`."""
    grace_seconds: float = Field(default=30.0, ge=0, le=DAY, allow_inf_nan=False)
    """Seconds that work may take to end when a worker of PostgreSQL is told to stop; the rest goes
    on elsewhere at once."""
    limit_worker: int = Field(default=2, ge=1, le=MOST_RUNS)
    """Runs at work at once, in all."""
    limit_repository: int = Field(default=2, ge=1, le=MOST_RUNS)
    limit_installation: int = Field(default=4, ge=1, le=MOST_RUNS)
    traces: str = Field(default="", repr=False)
    """Where OpenTelemetry's traces go by OTLP over HTTP, `http://HOST:4318`; nothing of it is
    loaded where neither this nor the usual variable is given."""
    otel_exporter_otlp_endpoint: str = Field(
        default="", validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT", repr=False
    )
    otel_exporter_otlp_headers: SecretStr = Field(
        default=SecretStr(""), validation_alias="OTEL_EXPORTER_OTLP_HEADERS"
    )
    errors_file: Path | None = None
    """Error classes of the operator's own, looked at before those of `prompts/errors.yaml`."""
    config_file: Path | None = None
    """A repository configuration of the operator's, in the place of every `.github/coppice.yml`."""

    @field_validator("agent", mode="before")
    @classmethod
    def _choose_agent(cls, value: object, info: ValidationInfo) -> object:
        has_model = info.data.get("model_url") or info.data.get("models_file")
        return value or ("loop" if has_model else "scripted")

    @field_validator("worker", mode="before")
    @classmethod
    def _name_worker(cls, value: object, info: ValidationInfo) -> object:
        if str(info.data.get("database_url", "")).startswith("sqlite"):
            return LOCAL
        name = str(value or gethostname())
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,63}", name):
            raise ValueError("must be a name of letters, digits, `.`, `_` and `-`, 63 at most")
        return name

    @field_validator("bots", mode="before")
    @classmethod
    def _split_ids(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        ids = [part.strip() for part in value.split(",") if part.strip()]
        if not all(part.isdecimal() for part in ids):
            raise ValueError("must be numbers of user ids, such as 49699333,27856297")
        return tuple(int(part) for part in ids)

    @field_validator("private_key", mode="before")
    @classmethod
    def _read_private_key(cls, value: object, info: ValidationInfo) -> str:
        key = secret(value, info).replace("\\n", "\n")  # as people write it in one line of .env
        if not key:
            raise ValueError("is missing")
        _require_rsa_key(key)
        return key

    @field_validator(
        "github_url", "github_html_url", "traces", "otel_exporter_otlp_endpoint", mode="before"
    )
    @classmethod
    def _check_url(cls, value: object) -> object:
        return address(value)

    @field_validator("github_url")
    @classmethod
    def _require_api(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.hostname in PAGES:
            raise ValueError("is where people look: the REST API is at https://api.github.com")
        if parts.username is not None:
            raise ValueError("must be without a user name: the App's key says who asks")
        return value

    @field_validator("github_html_url")
    @classmethod
    def _derive_html_url(cls, value: str, info: ValidationInfo) -> str:
        if value:
            return value
        parts = urlsplit(info.data.get("github_url", ""))
        host = parts.netloc.removeprefix("api.") if parts.netloc.endswith(CLOUD) else parts.netloc
        return f"{parts.scheme}://{host}"

    @field_validator("scripts")
    @classmethod
    def _require_scripts_dir(cls, value: Path | None) -> Path | None:
        return directory(value)

    @field_validator("ca_file", "scripts", "config_file", "errors_file")
    @classmethod
    def _require_path(cls, value: Path | None) -> Path | None:
        return existing(value)

    def reread_private_key(self) -> str | None:
        """Read the key's file anew: it may hold another by now; None: no file, or no key in it."""
        if self.private_key_file is None:
            return None
        try:
            key = self.private_key_file.expanduser().read_text().strip()
            _require_rsa_key(key)
        except (OSError, ValueError):  # perhaps it is being written just now
            return None
        return key

    @property
    def collector(self) -> str:
        """Where traces go; empty: nowhere."""
        return self.traces or self.otel_exporter_otlp_endpoint

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything that must never be written to a log."""
        kept = (self.private_key, self.model_key, self.otel_exporter_otlp_headers)
        given = [each.get_secret_value() for each in kept]
        sent = [pair.partition("=")[2].strip() for pair in given[-1].split(",")]
        named = [*passwords(self.https_proxy), *passwords(self.collector)]
        return (*super().secrets, *given, *filter(None, [*sent, *named]))


def _require_rsa_key(key: str) -> None:
    # imported late: only the service needs it, and it takes longer to load than all of this
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        loaded = load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise ValueError("is not a private key in PEM form") from error
    if not isinstance(loaded, RSAPrivateKey):
        raise ValueError("is not an RSA key, which GitHub asks for")  # noqa: TRY004 pydantic catches it
