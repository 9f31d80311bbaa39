"""Run attempts of the scripted agent in a real box."""

from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.agent import AgentContext, AgentEvent, AgentTask, Finished, Role, runtime
from bot.box import TREE, Mount, probe
from bot.runs import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A worktree, a directory of scripts and a log."""

    root: Path
    box: str = "auto"

    @property
    def tree(self) -> Path:
        return self.root / "tree"

    @property
    def log(self) -> Path:
        return self.root / "log"

    def script(self, *attempts: list[Json], name: str = "7.yaml") -> None:
        path = self.root / "scripts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump({"attempts": list(attempts)}))

    async def attempt(
        self, number: int = 1, *, seconds: float = 20, repository: str = "octo/shop"
    ) -> list[AgentEvent]:
        """Make one attempt for issue 7 and return all of its events."""
        self.tree.mkdir(exist_ok=True)
        task = AgentTask(
            role=Role.IMPLEMENT,
            prompt="",
            attempt=number,
            seconds=seconds,
            repository=repository,
            issue=7,
        )
        context = AgentContext(
            box=await probe("none" if self.box == "none" else "auto"),
            mounts=(Mount(source=self.tree, target=TREE, writable=True),),
            log=self.log,
            files=self.root / "files",
        )
        agent = runtime("scripted", scripts=self.root / "scripts")
        async with aclosing(agent.run(task, context)) as events:
            return [event async for event in events]

    async def end(self, number: int = 1, *, seconds: float = 20) -> Finished:
        """Make one attempt and return how it ended."""
        event = (await self.attempt(number, seconds=seconds))[-1]
        assert isinstance(event, Finished)
        return event
