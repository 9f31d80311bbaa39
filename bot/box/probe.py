"""Find out by trying which box this machine can give."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.box.bubblewrap import Bubblewrap, Program
from bot.box.command import Box, Command
from bot.box.groups import Groups
from bot.box.landlock import Landlock, version
from bot.box.surroundings import SYSTEM_PATH, Limits
from bot.box.system import require_shell
from bot.box.unboxed import Unboxed
from bot.errors import OperatorError

Choice = Literal["auto", "bubblewrap", "landlock", "none"]
MEND = (
    "Install it (apt-get install bubblewrap), or set COPPICE_BOX=none to run the agent and the"
    " repository's commands without a box, with all that the user of this service may do."
)
NO_LANDLOCK = "It needs Linux 5.13 or newer with landlock among its security modules (`lsm=`)."
REFUSED = (
    "It needs unprivileged user namespaces: see kernel.unprivileged_userns_clone,"
    " kernel.apparmor_restrict_unprivileged_userns and user.max_user_namespaces with sysctl, or the"
    " security options of the container around it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wishes:
    """What the operator wants of a box beside its level."""

    read: Sequence[Path]
    root: Path | None
    limits: Limits


async def probe(
    choice: Choice,
    *,
    read: Sequence[Path] | None = None,
    root: Path | None = None,
    limits: Limits | None = None,
) -> Box:
    """Return the box that ``choice`` (`COPPICE_BOX`) names, tried out.

    ``read`` (`COPPICE_BOX_READ`) are directories to show beside the system's; None: the prefix of
    this Python. ``root`` (`COPPICE_BOX_ROOT`) is an unpacked image whose system takes the place of
    the host's. `auto` is bubblewrap, or Landlock where that does not work.

    Raises OperatorError, which says how to mend it, rather than run without a box.
    """
    directories = (Path(sys.prefix), Path(sys.base_prefix)) if read is None else read
    wishes = _Wishes(read=directories, root=root, limits=limits or Limits())
    if choice == "bubblewrap" or (choice == "auto" and wishes.root is not None):
        return await _bubblewrap(wishes)
    if wishes.root is not None:
        raise OperatorError(f"COPPICE_BOX_ROOT needs bubblewrap, and COPPICE_BOX is {choice}")
    if choice == "none":
        return Unboxed(limits=wishes.limits, groups=Groups.find())
    if choice == "landlock":
        return await _landlock(wishes)
    try:
        return await _bubblewrap(wishes)
    except OperatorError as first:
        try:
            return await _landlock(wishes)
        except OperatorError as second:
            raise OperatorError(f"{first}\n{second}") from second


async def _bubblewrap(wishes: _Wishes) -> Box:
    if wishes.root is not None:
        require_shell(wishes.root)
    box = Bubblewrap(
        await installed(),
        read=wishes.read,
        limits=wishes.limits,
        groups=Groups.find(),
        root=wishes.root,
    )
    problem = await _tried(box)
    if problem is not None and wishes.root is not None:
        raise OperatorError(
            f"nothing can be run in the box with COPPICE_BOX_ROOT={wishes.root}: {problem}"
            f" Unset it to see whether bubblewrap works here at all."
        )
    if problem is not None:
        raise OperatorError(f"bubblewrap does not work here: {problem} {REFUSED} {MEND}")
    return box


async def _landlock(wishes: _Wishes) -> Box:
    """Try that a file outside is closed, too: a kernel may know the calls and not hold them."""
    if not version():
        raise OperatorError(f"landlock does not work here: {NO_LANDLOCK}")
    box = Landlock(read=wishes.read, limits=wishes.limits, groups=Groups.find())
    with tempfile.NamedTemporaryFile() as outside:
        problem = await _tried(box) or (
            "it leaves files open that nobody showed"
            if await _tried(box, "cat", outside.name) is None
            else None
        )
    if problem is not None:
        raise OperatorError(f"landlock does not work here: {problem} {NO_LANDLOCK}")
    return box


async def installed() -> Program:
    path = shutil.which("bwrap")
    if path is None:
        raise OperatorError(f"bubblewrap is not installed. {MEND}")
    prlimit = shutil.which("prlimit", path=SYSTEM_PATH)
    if prlimit is None:
        raise OperatorError("prlimit is not installed; it comes with the package util-linux")
    process = await asyncio.create_subprocess_exec(
        path, "--help", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    text, _ = await process.communicate()
    options = frozenset(word for word in text.decode().split() if word.startswith("--"))
    return Program(path=path, options=options, prlimit=prlimit)


async def _tried(box: Box, *argv: str) -> str | None:
    """Run an empty script, or another command, in it; None when that went well."""
    try:
        outcome = await box.run(Command(argv=argv or ("/bin/sh", "-c", ":"), cwd="/", seconds=30))
    except OperatorError as error:
        return str(error)
    ended = f"exit code {outcome.exit_code}"
    return None if outcome.exit_code == 0 else outcome.problem or outcome.output or ended
