"""What `coppice doctor` says of models and budgets."""

from pathlib import Path
from typing import Any

from bot.cli.doctor import _shown
from bot.cli.doctor_models import examine_models
from bot.settings import ModelSettings

KEY = "sk-canary-4f9a1c77b2e05d83aa61"


def settings(**values: Any) -> ModelSettings:
    return ModelSettings(_env_file=None, **values)  # type: ignore[call-arg]


def written(folder: Path, text: str) -> ModelSettings:
    path = folder / "models.yml"
    path.write_text(text)
    return settings(models_file=path)


def test_an_endpoint_is_shown_with_its_price_and_without_its_key() -> None:
    given = settings(model_url="https://api.openai.com/v1", model="gpt-5", model_key=KEY)
    (check,) = examine_models(given)

    assert check.ok
    assert check.detail.startswith("gpt-5 at api.openai.com (chat), with a key; $0.01")
    assert KEY not in str(check)


def test_an_unknown_price_and_a_subscription_are_named(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("a-token-of-a-subscription")
    checks = examine_models(
        written(
            tmp_path,
            "endpoints:\n"
            "  local: {url: 'http://127.0.0.1:11434/v1', api: chat, model: qwen3}\n"
            f"  mine: {{url: 'https://h', api: messages, model: m, bearer_file: {token}}}\n",
        )
    )

    assert [check.check for check in checks] == ["model endpoint local", "model endpoint mine"]
    assert "price is unknown" in checks[0].detail
    assert "a subscription pays" in checks[1].detail


def test_a_machine_so_dear_that_no_call_fits_into_a_run_is_told(tmp_path: Path) -> None:
    text = (
        "endpoints:\n"
        "  dear: {url: 'http://h', api: chat, model: m, price: {gpu_minute: 2.4}}\n"
        "  short: {url: 'http://h', api: chat, model: m, call_seconds: 300,"
        " price: {gpu_minute: 2.4}}\n"
    )

    dear, short = examine_models(written(tmp_path, text))

    assert (dear.ok, short.ok) == (False, True)
    assert "60 s of it cost $2.40, and a run may cost $2.00" in dear.detail
    assert "call_seconds" in dear.mend


def test_a_key_that_is_not_there_is_told(tmp_path: Path) -> None:
    text = "endpoints: {one: {url: 'https://h', api: chat, model: m, key_file: /nowhere/key}}"
    (check,) = examine_models(written(tmp_path, text))

    assert not check.ok
    assert "/nowhere/key cannot be read" in check.detail


def test_a_catalogue_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (check,) = examine_models(written(tmp_path, "endpoints: {one: {}}"))

    assert not check.ok
    assert "`endpoints.one.url`: Field required" in check.detail


def test_without_a_model_there_is_nothing_to_check() -> None:
    assert examine_models(settings()) == []


def test_budgets_are_shown_as_they_are_written() -> None:
    given = settings(budget_person_day="5usd, 200turns")
    fields = ("budget_run", "budget_attempt", "budget_person_day", "budget_month")

    assert [_shown(name, getattr(given, name)) for name in fields] == [
        "2usd 30min",
        "no limit",
        "5usd 200turns",
        "50usd",
    ]
