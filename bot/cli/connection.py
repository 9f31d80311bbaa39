"""Open the HTTP session to GitHub as the settings want it: certificates, proxy."""

import ssl
from ipaddress import ip_address
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # public, yet not in typeshed

import aiohttp

from bot.errors import OperatorError
from bot.github.app import MAIL_HOST
from bot.settings import PREFIX, ProxySettings, Settings


def open_session(settings: Settings) -> aiohttp.ClientSession:
    """Open a session that keeps no cookies; the caller closes it. Needs a running event loop."""
    connector = aiohttp.TCPConnector(ssl=trusted(settings) or True)
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        proxy=proxy_for(settings.github_url, settings),
    )


def trusted(settings: Settings) -> ssl.SSLContext | None:
    """Trust a file of certificates beside the system's; None: those alone, which aiohttp has read.

    Raises OperatorError where `COPPICE_CA_FILE` names no such file.
    """
    if settings.ca_file is None:
        return None
    try:
        context = ssl.create_default_context()
        context.load_verify_locations(settings.ca_file)
    except (ssl.SSLError, OSError) as error:
        raise OperatorError(
            f"{PREFIX}CA_FILE: {settings.ca_file} is not a file of certificates: {error}"
        ) from error
    return context


def proxy_for(url: str, settings: ProxySettings) -> str | None:
    """Name the proxy to an address, by the rules of HTTPS_PROXY and NO_PROXY."""
    parts = urlsplit(url)
    excepted = proxy_bypass_environment(parts.netloc, {"no": settings.no_proxy or ""})
    return None if parts.scheme != "https" or excepted else settings.https_proxy


def mail_host(pages: str) -> str:
    """Name the host of the addresses that a GitHub gives to its accounts: commits show by them.

    Each server has its own; the local forge gives github.com's.
    """
    host = urlsplit(pages).hostname
    return MAIL_HOST if host is None or is_loopback(pages) else f"users.noreply.{host}"


def is_loopback(url: str) -> bool:
    """Say whether an address leads to this machine: there only the local forge answers."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
