"""Follow the redirect of a renamed repository, within its host only.

git itself would send our Authorization header along to whatever host a redirect names (seen), so it
follows none, and we look where it leads.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar
from urllib.parse import urljoin

import aiohttp

from bot.worktree.failures import RemoteMoved, Unreachable
from bot.worktree.remote import Remote

T = TypeVar("T")
PROBE = "/info/refs?service=git-upload-pack"
SECONDS = 30.0


async def following(remote: Remote, action: Callable[[Remote], Awaitable[T]]) -> T:
    """Act on the remote; where it has moved within its host, once more at its new address."""
    try:
        return await action(remote)
    except RemoteMoved as error:
        new = await _new_address(remote)
        if not new.startswith(remote.origin):
            raise RemoteMoved(
                error.command, error.exit_code, f"it redirects to another host: {new}"
            ) from error
        return await action(replace(remote, url=new))


async def _new_address(remote: Remote) -> str:
    trust = ssl.create_default_context(cafile=remote.network.ca_file)
    try:
        async with (
            asyncio.timeout(SECONDS),
            aiohttp.ClientSession() as session,
            session.get(
                remote.url + PROBE,
                headers=dict([remote.header]) if remote.token else {},
                allow_redirects=False,
                proxy=remote.network.proxy if remote.url.startswith("https:") else None,
                ssl=trust,
            ) as answer,
        ):
            location = urljoin(remote.url, answer.headers.get("Location", ""))
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unreachable("fetch", 128, f"the redirect could not be read: {error}") from error
    return location.removesuffix(PROBE)
