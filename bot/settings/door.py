"""What taking deliveries in needs."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from bot.settings.store import StoreSettings
from bot.settings.values import address, passwords, secret

WEBHOOK_SECRET_LENGTH = 16
"""A shorter one is taken, because GitHub takes it too; `coppice doctor` warns of it."""

METRICS_TOKEN_LENGTH = 16


class DoorSettings(StoreSettings):
    """What taking deliveries in needs: nothing that could write to GitHub."""

    webhook_secret_file: Path | None = None
    webhook_secret: SecretStr = SecretStr("")
    webhook_secret_previous_file: Path | None = None
    webhook_secret_previous: SecretStr = SecretStr("")
    """The one before, accepted too while GitHub is told of a new one; leave it out afterwards."""
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: str | None = None
    """Where GitHub reaches this service, without `/webhook`: `coppice doctor` compares it, and
    `/metrics` is then nobody's without a token, as a proxy may speak for anybody."""
    metrics: Literal["local", "on", "off"] = "local"
    """Who may read `/metrics`: whoever asks from this machine where there is no public address,
    everybody, nobody. With a token everybody who has it."""
    metrics_token_file: Path | None = None
    metrics_token: SecretStr = SecretStr("")

    @field_validator("webhook_secret", mode="before")
    @classmethod
    def _read_webhooksecret(cls, value: object, info: ValidationInfo) -> str:
        given = secret(value, info)
        if not given:
            raise ValueError("is missing")
        return given

    @field_validator("host")
    @classmethod
    def _check_host(cls, value: str) -> str:
        try:
            value.encode("idna")
        except UnicodeError as error:
            raise ValueError("must be a name or an address of this machine") from error
        return value

    @field_validator("webhook_secret_previous", mode="before")
    @classmethod
    def _read_previous(cls, value: object, info: ValidationInfo) -> str:
        return secret(value, info)

    @field_validator("metrics_token", mode="before")
    @classmethod
    def _read_metrics_token(cls, value: object, info: ValidationInfo) -> str:
        given = secret(value, info)
        if given and len(given) < METRICS_TOKEN_LENGTH:
            raise ValueError(f"must have {METRICS_TOKEN_LENGTH} characters or more")
        return given

    @field_validator("public_url", mode="before")
    @classmethod
    def _check_public_url(cls, value: object) -> object:
        return address(value)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything that must never be written to a log."""
        token = self.metrics_token.get_secret_value()
        previous = self.webhook_secret_previous.get_secret_value()
        rest = filter(None, (previous, token, *passwords(self.database_url)))
        return (self.webhook_secret.get_secret_value(), *rest)
