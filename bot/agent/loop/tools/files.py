"""Read, write and edit files of the tree."""

from typing import Annotated

from pydantic import Field

from bot.agent.loop.tools.tool import Desk, Refused, Result, tool
from bot.runs import Record

MOST_LINES = 2000
MOST_CHARACTERS = 40_000
LONGEST_LINE = 2000
MOST_PLACES = 20
MOST_COMPARED = 200
"""Lines that are looked for with other spaces; more would hold up everybody's work."""
_Path = Annotated[str, Field(description="From the root of the repository.")]


class Read(Record):
    """Read a text file. Lines come with their numbers, which are not part of the file."""

    path: _Path
    first: Annotated[int, Field(ge=1, description="First line to show.")] = 1
    last: Annotated[int | None, Field(ge=1, description="Last line to show.")] = None


class Write(Record):
    """Write a whole file, new or in the place of what is there. To change a part, use edit."""

    path: _Path
    text: Annotated[str, Field(description="All of it.")]


class Edit(Record):
    """Replace words in a file. `old` has to be in it exactly once, to the character, spaces and
    indentation too; give some lines around the place to make it so."""

    path: _Path
    old: Annotated[str, Field(min_length=1, description="What is there now.")]
    new: Annotated[str, Field(description="What is to be there.")]


async def read(desk: Desk, given: Read) -> Result:
    text = _text(desk.tree.read(given.path), given.path)
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    if given.first > max(1, len(lines)):
        raise Refused(f"{given.path} has {len(lines)} lines")
    last = min(given.last or len(lines), given.first + MOST_LINES - 1, len(lines))
    return Result(text=_shown(lines, given.first, last))


async def write(desk: Desk, given: Write) -> Result:
    new = desk.tree.write(given.path, given.text.encode())
    lines = given.text.count("\n") + (not given.text.endswith("\n"))
    done = "made" if new else "written"
    path = desk.tree.relative(given.path)
    return Result(text=f"{path} is {done}: {lines} lines", changed=(path,))


async def edit(desk: Desk, given: Edit) -> Result:
    text = _exact(desk.tree.read(given.path), given.path)
    old, new = given.old, given.new
    if "\r\n" in text and "\r" not in old:
        old, new = old.replace("\n", "\r\n"), new.replace("\n", "\r\n")
    if old == new:
        raise Refused("old and new are the same")
    places = _places(text, old)
    if len(places) != 1:
        raise Refused(_ambiguous(text, old, places, given.path))
    changed = text.replace(old, new)
    desk.tree.write(given.path, changed.encode())
    path = desk.tree.relative(given.path)
    return Result(text=f"{path} is changed at line {places[0]}", changed=(path,))


def _shown(lines: list[str], first: int, last: int) -> str:
    """Number the lines, as many as there is room for."""
    width, room, shown = len(str(last)), MOST_CHARACTERS, []
    for number in range(first, last + 1):
        line = lines[number - 1]
        if len(line) > LONGEST_LINE:
            line = f"{line[:LONGEST_LINE]} [… {len(line) - LONGEST_LINE} more characters]"
        room -= len(line) + width + 2
        if room < 0:
            last = number - 1
            break
        shown.append(f"{number:>{width}}  {line}")
    if (first, last) != (1, len(lines)):
        shown.append(f"[lines {first} to {last} of {len(lines)}]")
    return "\n".join(shown) or "[the file is empty]"


def _text(data: bytes, path: str) -> str:
    if b"\0" in data[:8192]:
        raise Refused(f"{path} is no text; look at it with a command")
    return data.decode(errors="replace")


def _exact(data: bytes, path: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is not UTF-8; change it with a command") from error


def _places(text: str, old: str) -> list[int]:
    """List the lines at which the words begin, the first few; places may overlap."""
    found: list[int] = []
    line, before, at = 1, 0, text.find(old)
    while at >= 0 and len(found) <= MOST_PLACES:
        line += text.count("\n", before, at)
        before = at
        found.append(line)
        at = text.find(old, at + 1)
    return found


def _ambiguous(text: str, old: str, places: list[int], path: str) -> str:
    if places:
        lines = ", ".join(map(str, places[:MOST_PLACES]))
        often = "many" if len(places) > MOST_PLACES else str(len(places))
        return (
            f"`old` is in {path} {often} times, at lines {lines};"
            " give more of what stands around the right one"
        )
    near = _near(text, old)
    if near is not None:
        return (
            f"`old` is not in {path} to the character; with other spaces or indentation it is"
            f" at line {near}: read those lines and copy them"
        )
    return f"`old` is not in {path}; read the file and copy the words to the character"


def _near(text: str, old: str) -> int | None:
    """Find the line at which the words begin, whatever their spaces."""
    wanted = [line.strip() for line in old.strip("\n").splitlines()]
    there = [line.strip() for line in text.splitlines()]
    if not wanted or len(wanted) > MOST_COMPARED:
        return None
    ends = range(len(there) - len(wanted) + 1)
    found = (at for at in ends if there[at] == wanted[0] and there[at : at + len(wanted)] == wanted)
    return next((at + 1 for at in found), None)


FILES = (
    tool("read", Read, read, shows="path"),
    tool("write", Write, write, shows="path", writes=True),
    tool("edit", Edit, edit, shows="path", writes=True),
)
