"""Keep the scripted agent, which is no agent, away from anything but a forge on this machine."""

import ipaddress
from urllib.parse import urlsplit

import aiohttp

from bot.errors import OperatorError

FORGE_HEADER = "X-Coppice-Forge"
CHOOSE = "Name a model with COPPICE_MODEL_URL, or another agent with COPPICE_AGENT."


def require_loopback(github_url: str) -> None:
    """Raise OperatorError unless the address can only be this machine."""
    host = urlsplit(github_url).hostname or ""
    if host != "localhost" and not _is_loopback(host):
        raise OperatorError(
            f"the scripted agent works against a local forge only, and {host or github_url!r} is"
            f" no loopback address. {CHOOSE}"
        )


async def require_forge(session: aiohttp.ClientSession, github_url: str) -> None:
    """Raise OperatorError unless a forge answers there, which names itself in every answer."""
    require_loopback(github_url)
    timeout = aiohttp.ClientTimeout(total=10)
    try:
        async with session.get(github_url, allow_redirects=False, timeout=timeout) as answer:
            if FORGE_HEADER in answer.headers:
                return
    except (aiohttp.ClientError, TimeoutError) as error:
        raise OperatorError(f"no forge answers at {github_url}: {error}") from error
    raise OperatorError(f"what answers at {github_url} is no Coppice forge. {CHOOSE}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
