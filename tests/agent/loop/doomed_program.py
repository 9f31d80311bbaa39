"""Make one attempt in this process, to be killed in its middle; argument: the bench's folder."""

import asyncio
import sys
from contextlib import aclosing
from pathlib import Path

from bot.agent.loop import LoopRuntime
from bot.box import probe
from bot.scripted_model import ScriptedModel
from tests.agent.loop.bench import Bench, Socket, plays, task


async def main(root: Path) -> None:
    there = Bench(root=root, model=ScriptedModel(plays()), socket=Socket(path=root / "m.sock"))
    context = there.context(await probe("auto"))
    async with aclosing(LoopRuntime().run(task(seconds=60), context)) as events:
        async for event in events:
            sys.stdout.write(f"{type(event).__name__} {getattr(event, 'title', '')}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
