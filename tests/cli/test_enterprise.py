"""Other addresses than github.com's: what follows from them."""

import pytest

from bot.cli.connection import mail_host
from bot.cli.trial.source import parse
from bot.errors import OperatorError


@pytest.mark.parametrize(
    ("pages", "host"),
    [
        ("https://github.com", "users.noreply.github.com"),
        ("http://127.0.0.1:3000", "users.noreply.github.com"),
        ("https://git.acme.example", "users.noreply.git.acme.example"),
        ("https://acme.ghe.com", "users.noreply.acme.ghe.com"),
    ],
)
def test_commits_are_shown_by_the_servers_own_addresses(pages: str, host: str) -> None:
    assert mail_host(pages) == host


@pytest.mark.parametrize(
    ("pages", "api"),
    [
        ("https://github.com", "https://api.github.com"),
        ("https://www.github.com", "https://api.github.com"),
        ("https://acme.ghe.com", "https://api.acme.ghe.com"),
        ("https://git.acme.example", "https://git.acme.example/api/v3"),
        ("https://notgithub.com", "https://notgithub.com/api/v3"),
        ("https://GitHub.com", "https://api.github.com"),
        ("http://github.com", "https://api.github.com"),  # no token goes out in the clear
        ("https://git.acme.example:8443", "https://git.acme.example:8443/api/v3"),
    ],
)
def test_the_api_of_an_issue_is_found_from_its_page(pages: str, api: str) -> None:
    assert parse(f"{pages}/acme/shop/issues/7", None).api == api


@pytest.mark.parametrize(
    "url",
    [
        "",
        "acme/shop#7",
        "https://github.com/acme/shop/issues/0",
        "https://github.com/acme/shop/issues/\u0667",
        "https://github.com/acme/shop/issues/7/events",
        "https://github.com/acme/shop/pull/7",
        "https://github.com/acme/../issues/7",
        "https://[github.com/acme/shop/issues/7",
        "https://github.com:port/acme/shop/issues/7",
        "file:///acme/shop/issues/7",
    ],
)
def test_what_is_the_page_of_no_issue_is_refused(url: str) -> None:
    with pytest.raises(OperatorError, match=r"is no issue: write https://github\.com/"):
        parse(url, None)


def test_a_password_in_an_address_is_not_said_again() -> None:
    with pytest.raises(OperatorError, match="a name or password") as refused:
        parse("https://ana:hunter22@github.com/acme/shop/issues/7", None)

    assert "hunter22" not in str(refused.value)
