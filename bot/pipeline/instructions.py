"""What a repository tells agents: its own instruction files, frozen from the default branch."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from pydantic import TypeAdapter

from bot.guard.sanitize import sanitize
from bot.runs import Record

NAMES = ("AGENTS.md", "CLAUDE.md", ".github/copilot-instructions.md")
MOST_CHARACTERS = 16_000
"""Of each file; the rest is cut, and that is said."""
FILE = "instructions.json"


class Instruction(Record):
    path: str
    text: str


_list = TypeAdapter(tuple[Instruction, ...])


async def freeze(folder: Path, file: Callable[[str], Awaitable[bytes | None]]) -> None:
    """Write down the instruction files that ``file`` answers for; equal ones once."""
    found: dict[str, Instruction] = {}
    for name in NAMES:
        content = await file(name)
        text = _clean(content) if content else ""
        if text:
            found.setdefault(text, Instruction(path=name, text=text))
    _write(folder, tuple(found.values()))


def _write(folder: Path, found: tuple[Instruction, ...]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{FILE}.part"
    part.write_bytes(_list.dump_json(found))
    part.replace(folder / FILE)


def read(folder: Path) -> tuple[Instruction, ...]:
    """Read what was frozen; nothing where the run froze none."""
    path = folder / FILE
    return _list.validate_json(path.read_bytes()) if path.exists() else ()


def _clean(content: bytes) -> str:
    text = sanitize(content[: 4 * MOST_CHARACTERS].decode(errors="replace")).text.strip()
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[:MOST_CHARACTERS]}\n(cut after {MOST_CHARACTERS:,} characters)"
