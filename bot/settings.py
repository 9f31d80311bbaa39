"""The operator's settings: the only module that reads the environment.

Every setting is `COPPICE_…` in the environment or in `.env` of the working directory; the
environment wins. A secret may come from a file instead: the same name with `_FILE` behind it.
"""

import os
import re
import stat
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import OperatorError
from bot.runs import Budget, Budgets, parse_budget

PREFIX = "COPPICE_"
WEBHOOK_SECRET_LENGTH = 16
"""A shorter one is taken, because GitHub takes it too; `coppice doctor` warns of it."""
DATABASE_FILE = "coppice.sqlite"
HOST_AND_PORT = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")
LEAST_MEMORY = 64 * 2**20
"""Bytes for a command in the box; a Python needs a fifth of it."""

MENDS = {
    "app_id": "set it to the number on the App's settings page",
    "private_key": f"set {PREFIX}PRIVATE_KEY_FILE to the .pem file from the App's settings page",
    "webhook_secret": "set it to the secret on the App's settings page"
    f" ({WEBHOOK_SECRET_LENGTH} characters or more, for example from `openssl rand -hex 32`)",
    "port": "set it to a number from 0 (any free port) to 65535",
}


_CONFIG = SettingsConfigDict(
    env_prefix=PREFIX,
    env_file=".env",
    env_ignore_empty=True,
    extra="ignore",
    populate_by_name=True,
    frozen=True,
    validate_default=True,
    hide_input_in_errors=True,
)


class BoxSettings(BaseSettings):
    """How commands and agents are confined."""

    model_config = _CONFIG

    box: Literal["auto", "bubblewrap", "landlock", "none"] = "auto"
    box_read: Annotated[tuple[Path, ...], NoDecode] = (Path(sys.prefix), Path(sys.base_prefix))
    """Directories outside the system's that commands in the box may read, `:` between them."""
    box_root: Path | None = None
    """An unpacked image whose programs and libraries the box shows instead of the host's."""
    box_memory: int = 4 * 2**30
    """For each command or agent with all its processes: bytes, or with K, M, G behind (`4G`)."""
    box_pids: int = Field(default=2048, ge=16)
    """Processes and threads of each command or agent."""
    box_cpus: float | None = Field(default=None, gt=0)
    """CPUs of each command or agent (`1.5`); all when it is not given."""
    egress: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts that `setup` commands may reach, `HOST` (its port 443) or `HOST:PORT`, by spaces."""

    @field_validator("box_read", mode="before")
    @classmethod
    def _split_paths(cls, value: object) -> object:
        return tuple(filter(None, value.split(":"))) if isinstance(value, str) else value

    @field_validator("box_root")
    @classmethod
    def _absolute_root(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().absolute()

    @field_validator("box_memory", mode="before")
    @classmethod
    def _read_size(cls, value: object) -> object:
        found = re.fullmatch(r"(\d+) ?([KMG]?)I?B?", str(value).strip().upper())
        if found is None:
            raise ValueError("must be a size such as 512M or 4G")
        size = int(found[1]) << {"": 0, "K": 10, "M": 20, "G": 30}[found[2]]
        if size < LEAST_MEMORY:
            raise ValueError(f"must be at least {LEAST_MEMORY >> 20}M, or nothing starts")
        return size

    @field_validator("egress", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        hosts = value.replace(",", " ").split() if isinstance(value, str) else value
        for host in hosts if isinstance(hosts, list) else ():
            if not HOST_AND_PORT.fullmatch(host):
                raise ValueError(f"names {host!r}: write HOST or HOST:PORT, without https://")
        return hosts


class StoreSettings(BaseSettings):
    """Where the data lies, and how to log."""

    model_config = _CONFIG

    data_dir: Path = Path("~/.local/state/coppice")
    """Everything that Coppice keeps; made with mode 0700."""
    database_url_file: Path | None = None
    database_url: str = Field(default="", repr=False)
    """`sqlite:///…` or `postgresql://…`; a file in the data directory when it is not given."""
    log_format: Literal["text", "json"] = "text"
    """How the log on stderr looks."""

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("database_url", mode="before")
    @classmethod
    def _locate_database(cls, value: object, info: ValidationInfo) -> str:
        url = _secret(value, info) or f"sqlite:///{info.data.get('data_dir')}/{DATABASE_FILE}"
        if urlsplit(url).scheme.partition("+")[0] not in ("sqlite", "postgresql"):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return url

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def has_data(self) -> bool:
        """Say whether there can be anything to list, without making a file."""
        return not self.is_sqlite or Path(self.database_url.partition("///")[2]).exists()

    def prepare_data_dir(self) -> None:
        """Make the data directory, or close it to other users; refuse one that is not ours."""
        path = self.data_dir
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o077:
                _close(path, mode)
        except OSError as error:
            raise OperatorError(
                f"{PREFIX}DATA_DIR: cannot use {path}: {error.strerror}."
                " Name a directory that this user may write."
            ) from error


def _read_budget(value: object) -> object:
    return parse_budget(value) if isinstance(value, str) else value


BudgetText = Annotated[Budget, NoDecode, BeforeValidator(_read_budget)]


class ProxySettings(BaseSettings):
    """How the world outside is reached."""

    model_config = _CONFIG

    https_proxy: str | None = Field(default=None, validation_alias="HTTPS_PROXY", repr=False)
    """Proxy for HTTP and git alike; the usual variable, without the prefix."""
    no_proxy: str | None = Field(default=None, validation_alias="NO_PROXY")


class ModelSettings(ProxySettings):
    """Which models there are, and what may be spent on them.

    A budget is `2usd`, `30min`, `2000000tokens` or `200turns`, or several of them.
    """

    model_config = _CONFIG

    model_url: str = ""
    """Where a model answers, for example `http://127.0.0.1:11434/v1`."""
    model: str = ""
    """Its name, as that endpoint knows it."""
    model_key_file: Path | None = None
    model_key: SecretStr = SecretStr("")
    model_api: Literal["auto", "chat", "responses", "messages", "generate"] = "auto"
    """The protocol that it speaks; `auto` tells it by the host's name."""
    models_file: Path | None = None
    """Several endpoints, agents and tools in one YAML file, in the place of the settings above."""
    agents_dir: Path = Path(sys.prefix) / "agents"
    """Where `make agents` puts agent programs."""
    budget_run: BudgetText = Budget(usd=2, minutes=30)
    """What one run may spend."""
    budget_attempt: BudgetText = Budget()
    """What one attempt of a run may spend."""
    budget_person_day: BudgetText = Budget()
    """What the runs that one person asks for may spend in a day (UTC)."""
    budget_repository_day: BudgetText = Budget()
    budget_month: BudgetText = Budget(usd=50)
    """What one installation of the App may spend in a month (UTC)."""

    @field_validator("model_key", mode="before")
    @classmethod
    def _read_model_key(cls, value: object, info: ValidationInfo) -> str:
        return _secret(value, info)

    @field_validator("model_url", mode="before")
    @classmethod
    def _check_model_url(cls, value: object) -> object:
        return _address(value)

    @field_validator("models_file")
    @classmethod
    def _require_models_file(cls, value: Path | None) -> Path | None:
        return _existing(value)

    @property
    def has_model(self) -> bool:
        """Say whether any endpoint is named."""
        return bool(self.model_url or self.models_file)

    @property
    def budgets(self) -> Budgets:
        return Budgets(
            run=self.budget_run,
            attempt=self.budget_attempt,
            person_day=self.budget_person_day,
            repository_day=self.budget_repository_day,
            month=self.budget_month,
        )


class DoorSettings(StoreSettings):
    """What taking deliveries in needs: nothing that could write to GitHub."""

    webhook_secret_file: Path | None = None
    webhook_secret: SecretStr = SecretStr("")
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: str | None = None
    """Where GitHub reaches this service, without `/webhook`; only `coppice doctor` compares it."""

    @field_validator("webhook_secret", mode="before")
    @classmethod
    def _read_webhook_secret(cls, value: object, info: ValidationInfo) -> str:
        secret = _secret(value, info)
        if not secret:
            raise ValueError("is missing")
        return secret

    @field_validator("public_url", mode="before")
    @classmethod
    def _check_public_url(cls, value: object) -> object:
        return _address(value)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything that must never be written to a log."""
        password = urlsplit(self.database_url).password
        return (self.webhook_secret.get_secret_value(), *filter(None, (password,)))


class Settings(DoorSettings, BoxSettings, ModelSettings):
    """What `coppice serve` needs."""

    github_url: str = "https://api.github.com"
    """Root of the REST API; `https://HOST/api/v3` on GitHub Enterprise Server."""
    github_html_url: str = ""
    """Root of the pages and of git; found from the REST address when it is not given."""
    app_id: int = Field(default=0, ge=1)
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
    sweep_seconds: float = Field(default=300.0, ge=0)
    """Seconds between two looks in GitHub's delivery log for missed deliveries; 0: never."""
    limit_worker: int = Field(default=2, ge=1)
    """Runs at work at once, in all."""
    limit_repository: int = Field(default=2, ge=1)
    limit_installation: int = Field(default=4, ge=1)
    errors_file: Path | None = None
    """Error classes of the operator's own, looked at before those of `prompts/errors.yaml`."""
    config_file: Path | None = None
    """A repository configuration of the operator's, in the place of every `.github/coppice.yml`."""

    @field_validator("agent", mode="before")
    @classmethod
    def _choose_agent(cls, value: object, info: ValidationInfo) -> object:
        has_model = info.data.get("model_url") or info.data.get("models_file")
        return value or ("loop" if has_model else "scripted")

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
        key = _secret(value, info).replace("\\n", "\n")  # as people write it in one line of .env
        if not key:
            raise ValueError("is missing")
        _require_rsa_key(key)
        return key

    @field_validator("github_url", "github_html_url", mode="before")
    @classmethod
    def _check_url(cls, value: object) -> object:
        return _address(value)

    @field_validator("github_html_url")
    @classmethod
    def _derive_html_url(cls, value: str, info: ValidationInfo) -> str:
        if value:
            return value
        parts = urlsplit(info.data.get("github_url", ""))
        host = "github.com" if parts.netloc == "api.github.com" else parts.netloc
        return f"{parts.scheme}://{host}"

    @field_validator("ca_file", "scripts", "config_file", "errors_file")
    @classmethod
    def _require_path(cls, value: Path | None) -> Path | None:
        return _existing(value)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything that must never be written to a log."""
        given = (secret.get_secret_value() for secret in (self.private_key, self.model_key))
        return (
            *super().secrets,
            *given,
            *filter(None, (urlsplit(self.https_proxy or "").password,)),
        )


S = TypeVar("S", bound=BaseSettings)


class Problem(ValueError):
    """A setting that cannot be used, and how to mend it."""

    def __init__(self, field: str, message: str) -> None:
        self.variable = variable(field)
        self.message = message
        self.mend = MENDS.get(field, "correct it in the environment or in .env")
        super().__init__(f"{self.variable} {message}")


def load(kind: type[S]) -> S:
    """Read the settings; raise an OperatorError with one line for each that cannot be used."""
    settings, problems = inspect(kind)
    if settings is None:
        raise OperatorError("\n".join(f"{problem}: {problem.mend}." for problem in problems))
    return settings


def inspect(kind: type[S]) -> tuple[S | None, list[Problem]]:
    """Read the settings without raising: what `coppice doctor` shows."""
    try:
        return kind(), []
    except ValidationError as error:
        found = [_problem(kind, details) for details in error.errors(include_url=False)]
        return None, found


def unknown_settings(environment: Mapping[str, str] | None = None) -> list[str]:
    """Name each `COPPICE_…` variable that no setting reads, with the nearest one that exists."""
    known = [variable(name) for name in Settings.model_fields]
    given = os.environ if environment is None else environment
    strange = sorted(n for n in given if n.startswith(PREFIX) and n not in known)
    near = {name: get_close_matches(name, known, n=1) for name in strange}
    return [name + (f" (did you mean {near[name][0]}?)" if near[name] else "") for name in strange]


def inherited_environment(**changes: str) -> dict[str, str]:
    """Give a program that we start only what it needs of our environment, and ``changes``."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SSL_CERT_FILE")
    return {name: os.environ[name] for name in kept if name in os.environ} | changes


def wants_colour() -> bool:
    """Follow https://no-color.org and `TERM=dumb`."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def variable(field: str) -> str:
    """Name the variable that a setting is read from."""
    return field.upper() if field in ("https_proxy", "no_proxy") else PREFIX + field.upper()


def _address(value: object) -> object:
    """Require an address of the web, where one is given at all."""
    if not value:
        return value
    parts = urlsplit(str(value))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address that begins with https:// or http://")
    return str(value).rstrip("/")


def _existing(value: Path | None) -> Path | None:
    if value is None:
        return None
    if not value.expanduser().exists():
        raise ValueError(f"names {value}, which does not exist")
    return value.expanduser().absolute()


def _secret(value: object, info: ValidationInfo) -> str:
    """Give the text of a secret setting, from its file when one is named."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")
    file = info.data.get(f"{info.field_name}_file")
    if file is None:
        return text.strip()
    if text:
        raise ValueError("and its _FILE are both set: keep one of them")
    try:
        return str(file.expanduser().read_text()).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ValueError(f"cannot be read from {file}: {reason}") from error


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


def _problem(kind: type[BaseSettings], details: Mapping[str, Any]) -> Problem:
    location = str(details["loc"][0]) if details["loc"] else "settings"
    aliases = {f.validation_alias: name for name, f in kind.model_fields.items()}
    field = aliases.get(location, location)
    message = str(details["msg"]).removeprefix("Value error, ")
    if field == "app_id" and details.get("input") in (0, None):
        message = "is missing"
    if not message.startswith(("is ", "must ", "names ", "and ", "cannot ")):
        message = "is not usable: " + message[0].lower() + message[1:]
    return Problem(field, message)


def _close(path: Path, mode: int) -> None:
    """Close our own directory to others; one with somebody else's files in it stays as it is."""
    ours = (path / DATABASE_FILE).exists() or not any(path.iterdir())
    if not ours or path.stat().st_uid != os.geteuid():
        raise OperatorError(
            f"{PREFIX}DATA_DIR: {path} is open to other users (mode {mode:o})."
            f" Run `chmod 700 {path}`, or name another directory."
        )
    path.chmod(0o700)
