"""Work that is waited for even by whoever was cancelled: nobody may take over its files before."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def completed(work: Awaitable[T]) -> T:
    """Wait to the end, then let a cancellation through."""
    working = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])
        raise


async def to_the_end(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run in a thread, and wait to the end."""
    return await completed(asyncio.to_thread(function, *args, **kwargs))
