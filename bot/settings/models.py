"""Which models there are, what may be spent on them, and how the world outside is reached."""

import sys
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode

from bot.runs import Budget, Budgets, parse_budget
from bot.settings.values import CONFIG, address, directory, existing, secret


def _read_budget(value: object) -> object:
    return parse_budget(value) if isinstance(value, str) else value


BudgetText = Annotated[Budget, NoDecode, BeforeValidator(_read_budget)]


class ProxySettings(BaseSettings):
    """How the world outside is reached."""

    model_config = CONFIG

    https_proxy: str | None = Field(default=None, validation_alias="HTTPS_PROXY", repr=False)
    """Proxy for HTTP and git alike; the usual variable, without the prefix."""
    no_proxy: str | None = Field(default=None, validation_alias="NO_PROXY")


class ModelSettings(ProxySettings):
    """Which models there are, and what may be spent on them.

    A budget is `2usd`, `30min`, `2000000tokens` or `200turns`, or several of them.
    """

    model_config = CONFIG

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
        return secret(value, info)

    @field_validator("model_url", mode="before")
    @classmethod
    def _check_model_url(cls, value: object) -> object:
        return address(value)

    @field_validator("agents_dir")
    @classmethod
    def _require_agents_dir(cls, value: Path) -> Path | None:
        return directory(value)

    @field_validator("models_file")
    @classmethod
    def _require_models_file(cls, value: Path | None) -> Path | None:
        return existing(value)

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
