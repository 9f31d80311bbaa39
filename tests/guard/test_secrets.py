"""Secrets are found, once each, and never shown."""

import base64
import re
import time
from pathlib import Path

import pytest

from benchmarks.secret_set import Sample, look_alikes, secrets
from bot.guard.secrets import Finding, scan, warm

TOKEN = b"ghp_" + b"16C7e42F292c6912E7710c838347Ae178B4a"


def test_at_least_95_of_100_secrets_of_the_set_are_found() -> None:
    missed = [sample.family for sample in secrets() if not scan(sample.data, sample.path)]

    assert len(missed) <= 0.05 * 78


def test_every_family_is_known() -> None:
    found = {sample.family for sample in secrets() if scan(sample.data, sample.path)}

    assert found == {sample.family for sample in secrets()}


def test_at_most_two_of_36_look_alikes_are_taken_for_secrets() -> None:
    samples = list(look_alikes())

    assert len(samples) == 36
    assert len([sample.family for sample in samples if scan(sample.data, sample.path)]) <= 2


@pytest.mark.parametrize("sample", list(secrets()), ids=lambda sample: sample.family)
def test_no_secret_is_shown(sample: Sample) -> None:
    secret = max(re.findall(r"[A-Za-z0-9]+", sample.data.decode()), key=len)

    assert all(secret not in finding.excerpt for finding in scan(sample.data, sample.path))


def test_a_finding_names_rule_path_and_line_and_hides_the_value() -> None:
    data = b"one\ntwo = '" + TOKEN + b"'\n"

    assert scan(data, "a.py") == [
        Finding(rule="betterleaks.github-pat", path="a.py", line=2, excerpt="two = '***'")
    ]


def test_two_secrets_in_one_line_are_both_hidden() -> None:
    data = b"a = '" + TOKEN + b"'; password = 'Xk29vQ!mz81LLpq'\n"

    assert [f.excerpt for f in scan(data, "a")] == ["a = '***'; password = '***'"] * 2


@pytest.mark.parametrize(
    "data",
    [
        base64.b64encode(b"a " + TOKEN),
        base64.b64encode(base64.b64encode(b"a " + TOKEN)),
        TOKEN.decode().encode("utf-16"),
        TOKEN.decode().encode("utf-16-be"),
        b"\x00\x01\xff" + TOKEN + b"\x00\xfe",
        b"x = '" + TOKEN[:20] + b"' + '" + TOKEN[20:] + b"'",
        b"x = ('" + TOKEN[:20] + b"'\n     '" + TOKEN[20:] + b"')",
        b"x = '" + TOKEN + b"'  # gitleaks:allow kingfisher:ignore pragma: allowlist secret",
    ],
    ids=["base64", "twice", "utf-16", "utf-16-be", "binary", "added", "adjacent", "allowed"],
)
def test_a_disguise_does_not_help(data: bytes) -> None:
    assert len(scan(data, "a.py")) == 1


def test_a_split_secret_is_reported_at_the_line_where_it_begins() -> None:
    data = b"a = 'x' 'y'\nb = 1\nc = ('" + TOKEN[:20] + b"'\n  '" + TOKEN[20:] + b"')\n"

    assert [(f.line, f.excerpt) for f in scan(data, "a.py")] == [(3, "***")]


@pytest.mark.parametrize(
    "line",
    [
        "password = os.environ['DATABASE_PASSWORD']",
        "password: ${DB_PASSWORD_2}",
        "def check(password: str = default_password_1): ...",
        "token = settings.github.token_v2",
        "API_KEY = 'test-key-0123456789abcdef'",
        "secret_name: kv/data/app-2/password",
        "passwords = 12345678901234567890",
        "api_key: 123e4567-e89b-12d3-a456-426614174000",
        'const tokenUrl = "https://login.acme.io/oauth2/v2/token";',
    ],
)
def test_ordinary_code_is_no_secret(line: str) -> None:
    assert scan(line.encode(), "a.py") == []


@pytest.mark.parametrize(
    "line",
    [
        'DB_PASSWORD="Tr0ub4dor&3x9Q"',
        "db-password: Zq81mLpW92vTxc",
        "{'secret_key': 'a8f7d6e5c4b3a2918f7e6d5c4b3a2910'}",
        "config[:auth_token] = 'Zx81mLpW92vTQc77'",
        "password => 'Zq81mLpW92vT'",
        "const apiKey: string = `Zx81mLpW92vTQc77`;",
    ],
)
def test_a_strong_value_with_a_telling_name_is_a_secret(line: str) -> None:
    assert [f.rule.startswith("generic") for f in scan(line.encode(), "a")] == [True]


def test_hostile_data_takes_no_time() -> None:
    for data in (b"password" * 50_000, b'"' * 200_000, b"token: " * 50_000, bytes(300_000)):
        began = time.process_time()
        scan(data, "a")
        assert time.process_time() - began < 10


def test_rules_that_are_loaded_are_not_loaded_again(tmp_path: Path) -> None:
    warm(tmp_path)

    assert list(tmp_path.iterdir()) == []
