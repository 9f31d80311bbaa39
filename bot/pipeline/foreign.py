"""Keep orders of somebody's pull request from agents that work on it: their files are covered.

Programs read `AGENTS.md` and its like from the tree as orders. Rules come from the default branch,
so where such a file differs from that branch's, the agent sees that branch's in its place.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from bot.box import TREE, BoxLevel, Mount
from bot.errors import StageFailed
from bot.guard.rules import Mode
from bot.pipeline.asking import folder
from bot.pipeline.ports import Attempt, Ports
from bot.worktree import Change

_ORDERS = frozenset(
    {
        *("agents.md", "agents.override.md", "agent.md", "claude.md", "claude.local.md"),
        *("gemini.md", "qwen.md", "copilot-instructions.md", "crush.md"),
        *(".cursorrules", ".windsurfrules", ".clinerules", ".rules"),
    }
)
"""Names that agents look for in any folder, without their case."""


async def covers(attempt: Attempt, ports: Ports) -> tuple[Mount, ...]:
    """Put the default branch's own in the place of such files; nothing for work of ours.

    Raises StageFailed (`agent_orders`) where one cannot be covered.
    """
    work = attempt.run.work
    if work.visit is None:
        return ()
    changes = await ports.objects.changes(work.visit.house, work.ground or "")
    theirs = [c for c in changes if c.new_sha and _name(c.path) in _ORDERS]
    _check(theirs, ports)
    place = folder(attempt, ports) / "orders"
    place.mkdir(parents=True, exist_ok=True)
    return tuple([await _cover(change.path, work.visit.house, place, ports) for change in theirs])


def _check(changes: Sequence[Change], ports: Ports) -> None:
    links = [change.path for change in changes if change.new_mode == Mode.LINK]
    if links:
        raise _uncovered(links[0], "it is a link")
    if changes and ports.box.level < BoxLevel.BUBBLEWRAP:
        raise _uncovered(changes[0].path, "a box of this level cannot cover it")


async def _cover(path: str, house: str, place: Path, ports: Ports) -> Mount:
    source = place / hashlib.sha256(path.encode(errors="surrogateescape")).hexdigest()[:16]
    source.write_bytes(await ports.objects.file(house, path) or b"")
    return Mount(source=source, target=f"{TREE}/{path}")


def _name(path: str) -> str:
    return path.rpartition("/")[2].casefold()


def _uncovered(path: str, why: str) -> StageFailed:
    reason = f"`{path}` gives orders to agents, is not the default branch's, and {why}"
    return StageFailed("agent_orders", reason, blocked=True)
