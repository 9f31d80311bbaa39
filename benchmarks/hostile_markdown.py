"""How long 64 KB of hostile Markdown keep the event loop from everybody else.

Each comment goes through the handler that would carry its commands out. The rival is plain
markdown-it-py on the same text, in the loop, as a handler without further thought has it.
"""

import asyncio
import time

from markdown_it import MarkdownIt

from benchmarks.figure import alone, compare, show
from tests.handlers.payloads import commented
from tests.handlers.world import World

SIZE = 64 * 1024
TRIES = 3  # the machine is noisy: the quietest one counts
TICK = 0.001
END = "\n\n/coppice help"
NOISE = {
    "brackets": "[" * SIZE,
    "link openings": "[a](" * (SIZE // 4),
    "emphasis": "*a _b " * (SIZE // 6),
    "stars": "*" * SIZE,
    "backticks": "".join("`" * n + "a" for n in range(1, 360)),
    "quotes": "> " * (SIZE // 2),
    "lists": "".join("  " * n + "- a\n" for n in range(1, 250)) * 2,
    "autolinks": "<a:" * (SIZE // 3),
    "html": "<div " * (SIZE // 5),
    "comments": "<!--" * (SIZE // 4),
    "entities": "&#" * (SIZE // 2),
    "tables": "a|" * 2000 + "\n" + "-|" * 2000 + "\n" + "b|" * 20_000,
    "references": "[a]: b\n" * 1900,
    "escapes": "\\" * SIZE,
    "commands": "/coppice x\n" * 1900,
    "words": "lorem ipsum " * (SIZE // 12),
}


async def longest_gap(body: str) -> float:
    """Decide on a comment; answer the longest time in which nothing else got its turn."""
    world, gaps, done = World(), [0.0], asyncio.Event()

    async def tick() -> None:
        last = time.perf_counter()
        while not done.is_set():
            await asyncio.sleep(TICK)
            now = time.perf_counter()
            gaps.append(now - last - TICK)
            last = now

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(10 * TICK)
    await world.decide("issue_comment", commented(body))
    done.set()
    await ticking
    return max(gaps)


def plain(body: str) -> float:
    began = time.perf_counter()
    MarkdownIt("commonmark").enable("table").parse(body)
    return time.perf_counter() - began


async def main() -> None:
    await longest_gap("/coppice help")  # imports and caches
    ours, theirs, names = [], [], []
    for name, noise in NOISE.items():
        body = noise[: SIZE - len(END)] + END
        ours.append(min([await longest_gap(body) for _ in range(TRIES)]))
        theirs.append(min(plain(body) for _ in range(TRIES)))
        names.append(name)
    worst = max(range(len(ours)), key=ours.__getitem__)
    title = f"64 KB of hostile Markdown: the loop blocked ({names[worst]})"
    show(alone(title, "ms", ours[worst] * 1000, most=50))
    longest = max(range(len(theirs)), key=theirs.__getitem__)
    title = f"the loop blocked by the worst text for plain parsing ({names[longest]})"
    series = ([ours[longest]], [theirs[longest]])
    show(compare(title, "markdown-it-py in the loop", "s", series, most=1))


if __name__ == "__main__":
    asyncio.run(main())
