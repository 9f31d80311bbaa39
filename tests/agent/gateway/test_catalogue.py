"""The operator's catalogue: from the environment, from a file, and every way to get it wrong."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.agent import catalogue
from bot.agent.catalogue import Catalogue, Endpoint, PriceTable, guess_api
from bot.agent.runtime import Api
from bot.errors import OperatorError, StageFailed
from bot.settings import ModelSettings

FILE = """
endpoints:
  local: {url: "http://127.0.0.1:11434/v1", api: chat, model: qwen3-coder, parallel: 1,
          price: {gpu_minute: 0.02}, window: 32768}
  strong: {url: https://api.anthropic.com, api: messages, model: claude-sonnet-4-5,
           key_file: /etc/coppice/key, aliases: ["claude-haiku-*"]}
agents: [loop, codex]
mcp: {search: {argv: [search-server, --stdio]}}
"""


def settings(**values: Any) -> ModelSettings:
    return ModelSettings(_env_file=None, **values)  # type: ignore[call-arg]


def written(folder: Path, text: str) -> Path:
    path = folder / "models.yml"
    path.write_text(text)
    return path


def test_no_model_is_no_catalogue() -> None:
    assert catalogue.load(settings()) is None


def test_three_settings_make_an_endpoint() -> None:
    made = catalogue.load(settings(model_url="http://h:8000/v1/", model="m", model_key="k" * 20))

    assert made is not None
    assert made.names == ("default",)
    assert made.endpoint("default") == Endpoint(
        url="http://h:8000/v1", api=Api.CHAT, model="m", key=SecretStr("k" * 20)
    )


def test_a_file_says_all(tmp_path: Path) -> None:
    made = catalogue.load(settings(models_file=written(tmp_path, FILE)))

    assert made is not None
    assert (made.names, made.agents) == (("local", "strong"), ("loop", "codex"))
    assert made.endpoint("local").price == PriceTable(gpu_minute=0.02)
    assert made.endpoint("strong").aliases == ("claude-haiku-*",)
    assert made.mcp["search"].argv == ("search-server", "--stdio")


@pytest.mark.parametrize(
    ("url", "api"),
    [
        ("https://api.anthropic.com", Api.MESSAGES),
        ("https://generativelanguage.googleapis.com", Api.GENERATE),
        ("https://eu.api.anthropic.com/v1", Api.MESSAGES),
        ("https://api.openai.com/v1", Api.CHAT),
        ("https://anthropic.com.evil.example", Api.CHAT),
        ("https://notanthropic.com", Api.CHAT),
        ("http://127.0.0.1:11434/v1", Api.CHAT),
    ],
)
def test_the_host_tells_the_protocol(url: str, api: Api) -> None:
    assert guess_api(url) is api


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("endpoints: {a: {url: 'http://h', api: chat, modle: m}}", "did you mean `model`?"),
        ("endpoints: {a: {url: 'http://h', api: chat}}", "`endpoints.a.model`: Field required"),
        ("endpoint: {}", "unknown key `endpoint`; did you mean `endpoints`?"),
        ("endpoints: {}", "`endpoints`: "),
        ("[]", "must be a map with `endpoints` in it"),
        ("{", "cannot be read"),
        ("endpoints: {a: {url: 'ftp://h', api: chat, model: m}}", "begins with https://"),
        ("endpoints: {a: {url: 'http://u:p@h', api: chat, model: m}}", "without a user"),
        ("endpoints: {a: {url: 'http://h', api: soap, model: m}}", "`endpoints.a.api`"),
        ("endpoints: {a: {url: 'http://h', api: chat, model: 'a b'}}", "`endpoints.a.model`"),
        (
            "endpoints: {a: {url: 'http://h', api: chat, model: m, price: {inptu: 1}}}",
            "did you mean `input`?",
        ),
        (
            "endpoints: {a: {url: 'http://h', api: chat, model: m, price: {input: 1}}}",
            "needs both",
        ),
        (
            "endpoints: {a: {url: 'http://h', api: chat, model: m, key: k, key_file: /x}}",
            "takes one of",
        ),
        (
            "endpoints: {a: {url: 'http://h', api: chat, model: m, fallback: b}}",
            "names no other endpoint",
        ),
        (
            "endpoints: {a: {url: 'http://h', api: chat, model: m, fallback: b},"
            " b: {url: 'http://h', api: messages, model: m}}",
            "cannot change the protocol",
        ),
        (
            'endpoints: {a: {url: "http://h", api: chat, model: m, headers: {x: "a\\nb"}}}',
            "is no header",
        ),
    ],
)
def test_what_cannot_be_meant_is_told_with_the_nearest(
    text: str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(OperatorError) as refused:
        catalogue.load(settings(models_file=written(tmp_path, text)))

    assert says in str(refused.value)


def test_a_key_in_a_broken_file_is_not_told(tmp_path: Path) -> None:
    text = "endpoints: {a: {url: 'http://h', api: chat, model: m, key: [sk-secret-1234]}}"
    with pytest.raises(OperatorError) as refused:
        catalogue.load(settings(models_file=written(tmp_path, text)))

    assert "sk-secret" not in str(refused.value)


def test_both_ways_at_once_are_refused(tmp_path: Path) -> None:
    both = settings(models_file=written(tmp_path, FILE), model_url="http://h", model="m")
    with pytest.raises(OperatorError, match="keep one of them"):
        catalogue.load(both)


def test_an_address_without_a_model_is_refused() -> None:
    with pytest.raises(OperatorError, match="COPPICE_MODEL is missing"):
        catalogue.load(settings(model_url="http://h"))


def test_an_endpoint_that_is_not_there_blocks_the_stage() -> None:
    made = Catalogue(endpoints={"one": Endpoint(url="http://h", api=Api.CHAT, model="m")})
    with pytest.raises(StageFailed, match="there is: `one`") as refused:
        made.endpoint("two")

    assert (refused.value.kind, refused.value.blocked) == ("no_model", True)


def test_a_token_is_read_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "token"
    endpoint = Endpoint(url="http://h", api=Api.CHAT, model="m", bearer_file=file)
    read = []
    for token in ("first-token", "second-token"):
        file.write_text(token + "\n")
        read.append(endpoint.credential())

    assert read == ["first-token", "second-token"]


@pytest.mark.parametrize("text", ["", "two lines\nof it", "a\x00b", "ü"])
def test_a_file_that_holds_no_key_is_told(text: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(text)
    endpoint = Endpoint(url="http://h", api=Api.CHAT, model="m", key_file=file)
    with pytest.raises(OperatorError, match="is no key"):
        endpoint.credential()
