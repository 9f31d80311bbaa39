"""Run commands, each in a box of its own: the model's, searches, lists and patches."""

from typing import Annotated

from pydantic import Field

from bot.agent.loop.shorten import shorten
from bot.agent.loop.tools.tool import Desk, Refused, Result, tool
from bot.box import Command, Outcome
from bot.errors import StageFailed
from bot.runs import Record

RUN_SECONDS = 120
MOST_SECONDS = 1800
LOOK_SECONDS = 60
MOST_CHARACTERS = 16_000
OUTPUT_BYTES = 16 * 2**20


class Run(Record):
    """Run a command by `/bin/sh -c` at the root of the repository. There is no network, no input,
    and nothing goes on after the command has ended. Of long output you see head and tail."""

    command: Annotated[str, Field(min_length=1, max_length=50_000)]
    seconds: Annotated[
        int, Field(ge=1, le=MOST_SECONDS, description="After that it is killed.")
    ] = RUN_SECONDS


class Search(Record):
    """Find the lines that match an extended regular expression (`grep -E`)."""

    pattern: Annotated[str, Field(min_length=1, max_length=2000)]
    path: Annotated[str, Field(description="A file or folder; the whole repository without.")] = "."


class List(Record):
    """List files and folders below a folder, two levels deep."""

    path: Annotated[str, Field(description="The root of the repository without.")] = "."


class Patch(Record):
    """Apply a unified diff as `git diff` writes it, all of it or nothing."""

    patch: Annotated[str, Field(min_length=1, description="With `--- a/…` and `+++ b/…`.")]


async def run(desk: Desk, given: Run) -> Result:
    outcome = await _run(desk, ("/bin/sh", "-c", given.command), seconds=given.seconds)
    return Result(text=_told(outcome), ok=outcome.exit_code == 0)


async def search(desk: Desk, given: Search) -> Result:
    path = _there(desk, given.path)
    options = ("-rnHIE", "--exclude-dir=.git", "--max-count=200")
    outcome = await _run(desk, ("grep", *options, "-e", given.pattern, "--", path))
    if outcome.exit_code == 1:
        return Result(text="nothing matches")
    if outcome.exit_code != 0:
        raise Refused(_told(outcome))
    return Result(text=shorten(outcome.output, MOST_CHARACTERS))


async def listing(desk: Desk, given: List) -> Result:
    path = _there(desk, given.path)
    if desk.tree.kind(given.path) != "folder":
        raise Refused(f"{given.path} is a file")
    shown = ("-mindepth", "1", "-maxdepth", "2", "-name", ".git", "-prune", "-o")
    kinds = ("-type", "d", "-printf", r"%p/\n", "-o", "-printf", r"%p\n")
    outcome = await _run(desk, ("find", path, *shown, "(", *kinds, ")"))
    lines = sorted(line.removeprefix("./") for line in outcome.output.splitlines())
    return Result(text=shorten("\n".join(lines), MOST_CHARACTERS) or "it is empty")


async def patch(desk: Desk, given: Patch) -> Result:
    text = given.patch if given.patch.endswith("\n") else f"{given.patch}\n"
    argv = ("git", "apply", "-p1", "--whitespace=nowarn", "-v", "-")
    outcome = await _run(desk, argv, stdin=text.encode(errors="replace"))
    if outcome.exit_code != 0:
        raise Refused(f"the patch does not apply:\n{_told(outcome)}")
    return Result(text="the patch is applied", changed=_changed(given.patch))


async def _run(
    desk: Desk, argv: tuple[str, ...], *, seconds: float = LOOK_SECONDS, stdin: bytes | None = None
) -> Outcome:
    command = Command(
        argv=argv,
        mounts=desk.context.mounts,
        stdin=stdin,
        seconds=desk.seconds(seconds),
        output_limit=OUTPUT_BYTES,
    )
    try:
        return await desk.context.box.run(command)
    except StageFailed as error:  # words that no program can be given, such as a NUL
        raise Refused(error.reason) from error


def _there(desk: Desk, path: str) -> str:
    """Give a path that is no link and cannot be taken for an option."""
    desk.tree.kind(path)
    relative = desk.tree.relative(path)
    return relative if relative == "." else f"./{relative}"


def _told(outcome: Outcome) -> str:
    ended = outcome.problem or f"exit code {outcome.exit_code}"
    return f"{shorten(outcome.output, MOST_CHARACTERS)}\n[{ended}]".lstrip("\n")


def _changed(diff: str) -> tuple[str, ...]:
    lines = (line.split("\t")[0].strip() for line in diff.splitlines())
    names = [line[6:] for line in lines if line.startswith(("+++ b/", "--- a/"))]
    return tuple(dict.fromkeys(names))


COMMANDS = (
    tool("run", Run, run, shows="command", command="command"),
    tool("search", Search, search, shows="pattern"),
    tool("list", List, listing, shows="path"),
    tool("patch", Patch, patch, shows="patch", writes=True),
)
