"""Is anybody at an endpoint's address? Only a connection is opened; no model is asked."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from bot.agent.catalogue import Catalogue

SECONDS = 5.0
_PORTS = {"http": 80, "https": 443}


async def nobody_at(
    catalogue: Catalogue, name: str, *, proxy: Callable[[str], str | None] = lambda _: None
) -> str | None:
    """Say why neither an endpoint nor what takes its place can be reached; None: one can.

    ``proxy`` names the proxy to an address, if there is one: then that is what has to be there.
    """
    reasons = []
    seen: set[str] = set()
    following: str | None = name
    while following is not None and following not in seen:
        seen.add(following)
        endpoint = catalogue.endpoint(following)
        url = proxy(endpoint.url) or endpoint.url
        reason = await unreachable(url)
        if reason is None:
            return None
        reasons.append(f"`{following}` ({urlsplit(url).hostname}:{_port(url)}): {reason}")
        following = endpoint.fallback
    return "; ".join(reasons)


async def unreachable(url: str) -> str | None:
    """Open a connection to an address and close it again; say why that cannot be done, if so."""
    try:
        async with asyncio.timeout(SECONDS):
            _, writer = await asyncio.open_connection(urlsplit(url).hostname, _port(url))
    except TimeoutError:
        return f"nothing answers there for {SECONDS:g} s"
    except ConnectionRefusedError:
        return "connection refused: nothing listens there"
    except (OSError, UnicodeError) as error:
        return str(getattr(error, "strerror", None) or error)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return None


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or _PORTS.get(parts.scheme, 80)
