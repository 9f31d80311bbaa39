"""What taking deliveries in needs."""

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from bot.settings.store import StoreSettings
from bot.settings.values import address, secret

WEBHOOK_SECRET_LENGTH = 16
"""A shorter one is taken, because GitHub takes it too; `coppice doctor` warns of it."""


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
    def _read_webhooksecret(cls, value: object, info: ValidationInfo) -> str:
        given = secret(value, info)
        if not given:
            raise ValueError("is missing")
        return given

    @field_validator("public_url", mode="before")
    @classmethod
    def _check_public_url(cls, value: object) -> object:
        return address(value)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything that must never be written to a log."""
        password = urlsplit(self.database_url).password
        return (self.webhook_secret.get_secret_value(), *filter(None, (password,)))
