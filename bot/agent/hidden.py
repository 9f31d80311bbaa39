"""Hide from an agent program the settings that a repository keeps for it.

Such files name commands, hooks, plugins and servers that the program would start of its own accord
(`.claude/settings.json`, `.mcp.json`, `opencode.json`). Only what is there is covered: a box cannot
cover what is not, and what an agent writes there later runs with no more rights than itself.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.box import TREE, Mount
from bot.errors import StageFailed

SETTINGS = (
    *(".agents", ".claude", ".codex", ".cursor", ".gemini", ".opencode", ".vscode"),
    *(".mcp.json", "opencode.json", "opencode.jsonc", "bunfig.toml"),
)
"""At the root of the tree, where every agent starts."""


def covers(tree: Path, more: Sequence[str], empty: Path) -> tuple[Mount, ...]:
    """Put nothing over each; ``empty`` is a directory for what is mounted there.

    Raises StageFailed (`agent_settings`) where such a name leads out of the tree.
    """
    directory, file = empty / "directory", empty / "file"
    directory.mkdir(parents=True, exist_ok=True)
    file.touch()
    found = dict.fromkeys(_found(tree.resolve(), (*SETTINGS, *more)))
    return tuple(
        Mount(
            source=directory if path.is_dir() else file,
            target=f"{TREE}/{path.relative_to(tree.resolve())}",
        )
        for path in found
    )


def _found(tree: Path, names: Sequence[str]) -> Iterator[Path]:
    for name in names:
        try:
            real = (tree / name).resolve()
        except (OSError, RuntimeError) as error:
            raise _leads_out(name) from error
        if not real.is_relative_to(tree) or real == tree:
            raise _leads_out(name)
        if real.exists():
            yield real


def _leads_out(name: str) -> StageFailed:
    reason = f"`{name}` is a link that leads out of the repository; no agent is started on it"
    return StageFailed("agent_settings", reason, blocked=True)
