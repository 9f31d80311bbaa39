"""Call one tool as a model would, without the model."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.agent import AgentContext, Role
from bot.agent.clock import Clock
from bot.agent.loop.tools import Desk, Refused, for_role, problems
from bot.agent.loop.tree import NotAllowed, Tree
from bot.box import TREE, Mount, probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    text: str
    ok: bool = True
    changed: tuple[str, ...] = ()


async def call(tree: Path, name: str, **given: Any) -> Called:
    context = AgentContext(
        box=await probe("auto"),
        mounts=(Mount(source=tree, target=TREE, writable=True),),
        log=tree.parent / "log",
        files=tree.parent / "files",
    )
    desk = Desk(context=context, tree=Tree(tree), clock=Clock(60))
    tool = next(each for each in for_role(Role.IMPLEMENT) if each.name == name)
    try:
        result = await tool.call(desk, tool.parse(given))
    except ValidationError as error:
        return Called(text=problems(error), ok=False)
    except (Refused, NotAllowed) as error:
        return Called(text=str(error), ok=False)
    return Called(text=result.text, ok=result.ok, changed=result.changed)
