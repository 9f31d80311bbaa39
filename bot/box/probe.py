"""Find out by trying which box this machine can give."""

import asyncio
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from bot.box.bubblewrap import Bubblewrap, Program
from bot.box.command import Box, Command
from bot.box.surroundings import SYSTEM_PATH
from bot.box.unboxed import Unboxed
from bot.errors import OperatorError

Choice = Literal["auto", "bubblewrap", "landlock", "none"]
MEND = (
    "Install it (apt-get install bubblewrap), or set COPPICE_BOX=none to run the agent and the"
    " repository's commands without a box, with all that the user of this service may do."
)
REFUSED = (
    "It needs unprivileged user namespaces: see kernel.unprivileged_userns_clone,"
    " kernel.apparmor_restrict_unprivileged_userns and user.max_user_namespaces with sysctl, or the"
    " security options of the container around it."
)


async def probe(choice: Choice, *, read: Sequence[Path] | None = None) -> Box:
    """Return the box that ``choice`` (`COPPICE_BOX`) names, tried out.

    ``read`` (`COPPICE_BOX_READ`) are directories to show beside the system's; None: the prefix of
    this Python. Raises OperatorError, which says how to mend it, rather than run without a box.
    """
    if choice == "none":
        return Unboxed()
    if choice == "landlock":
        raise OperatorError(
            "COPPICE_BOX=landlock: this level of box is not built yet;"
            " use bubblewrap, or none where nothing has to be confined"
        )
    directories = (Path(sys.prefix), Path(sys.base_prefix)) if read is None else read
    box = Bubblewrap(await installed(), read=directories)
    outcome = await _tried(box)
    if outcome is not None:
        raise OperatorError(f"bubblewrap does not work here: {outcome} {REFUSED} {MEND}")
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


async def _tried(box: Bubblewrap) -> str | None:
    """Run `true` in it; None when that went well."""
    try:
        outcome = await box.run(Command(argv=("true",), cwd="/", seconds=30))
    except OperatorError as error:
        return str(error)
    return None if outcome.exit_code == 0 else f"{outcome.problem or outcome.output}"
