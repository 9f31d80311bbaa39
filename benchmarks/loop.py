"""The loop's time per turn against a bare pydantic-ai agent with the same tools.

Both ask the same scripted model, another process, at its Unix socket, and read a file in each turn.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from benchmarks.figure import compare, in_turn, show
from bot.agent import AgentContext, AgentTask, Finished, FinishReason, Role
from bot.agent.clock import Clock
from bot.agent.loop import LoopRuntime
from bot.agent.loop.tools import Desk
from bot.agent.loop.tools.files import Read, read
from bot.agent.loop.tree import Tree
from bot.agent.runtime import Api, Refusal
from bot.box import TREE, Box, Mount, probe

TURNS = 40
MOST = 1.5


@dataclass(slots=True)
class Socket:
    path: Path
    model: str = "scripted-model"
    api: Api = Api.CHAT
    window: int | None = 200_000
    refusal: Refusal | None = None
    waited: float = 0.0


@contextmanager
def served(folder: Path) -> Iterator[Path]:
    """Run the scripted model, whose answers read the file again and again."""
    play = {"steps": [{"read": "a.py"}] * TURNS}
    (folder / "scenario.yaml").write_text(json.dumps({"plays": [play]}))
    options = ("--scenario", folder / "scenario.yaml", "--socket", folder / "model.sock")
    command = (sys.executable, "-m", "bot.scripted_model", *map(str, options))
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield folder / "model.sock"
        process.terminate()


async def ours(context: AgentContext, number: int) -> float:
    """Give the seconds of a turn."""
    task = AgentTask(
        role=Role.IMPLEMENT,
        prompt="Read it.",
        attempt=number,
        seconds=120,
        repository="octo/shop",
        issue=1,
    )
    began = time.perf_counter()
    async with aclosing(LoopRuntime().run(task, context)) as events:
        async for event in events:
            last = event
    seconds = time.perf_counter() - began
    if not isinstance(last, Finished) or last.reason is not FinishReason.DONE:
        raise RuntimeError(f"it ended with {last}")
    return seconds / TURNS


async def bare(context: AgentContext) -> float:
    """Give the seconds of a turn of the library's own loop, which keeps nothing and checks less."""
    tree = context.mounts[0].source
    began = time.perf_counter()
    desk = Desk(context=context, tree=Tree(tree), clock=Clock(120))
    transport = httpx2.AsyncHTTPTransport(uds=str(context.model.path if context.model else ""))
    async with httpx2.AsyncClient(transport=transport, timeout=60) as http:
        provider = OpenAIProvider(base_url="http://model/v1", api_key="none", http_client=http)
        agent = Agent(OpenAIChatModel("scripted-model", provider=provider))

        @agent.tool_plain(name="read")
        async def _read(path: str) -> str:
            """Read a text file."""
            return (await read(desk, Read(path=path))).text

        await agent.run("Read it.")
    return (time.perf_counter() - began) / TURNS


def main() -> None:
    with tempfile.TemporaryDirectory() as name, asyncio.Runner() as runner:
        folder = Path(name)
        (folder / "tree").mkdir()
        (folder / "tree/a.py").write_text("x = 1\n" * 100)
        box: Box = runner.run(probe("auto"))
        with served(folder) as socket:
            context = AgentContext(
                box=box,
                mounts=(Mount(source=folder / "tree", target=TREE, writable=True),),
                log=folder / "log",
                files=folder / "files",
                model=Socket(socket),
            )
            numbers = iter(range(1000))
            runner.run(ours(context, next(numbers)))
            runner.run(bare(context))
            series = in_turn(
                lambda: runner.run(ours(context, next(numbers))), lambda: runner.run(bare(context))
            )
        milliseconds = tuple([seconds * 1000 for seconds in each] for each in series)
        rival = "a bare pydantic-ai agent with the same tools"
        show(
            compare(
                "loop, time of a turn", rival, "ms", (milliseconds[0], milliseconds[1]), most=MOST
            )
        )


if __name__ == "__main__":
    main()
