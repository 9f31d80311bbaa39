"""For boxes that cannot mount: what stands at a path of the box lies somewhere on the host.

Words of a command that are paths of the box (its working directory, arguments, values of its
environment) are replaced by their sources, so the worktree is where it lies on the host and not at
``/tree``. So is the address of a forwarded port, anywhere in a word. A path inside a shell script
is not replaced.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from bot.box.command import Command
from bot.box.mount import GIT, TREE, Mount


def on_host(word: str, mounts: tuple[Mount, ...]) -> str:
    """Replace a path in the box by what is mounted there; other words stay."""
    for mount in reversed(mounts):
        if PurePosixPath(word).is_relative_to(mount.target):
            return str(mount.source / PurePosixPath(word).relative_to(mount.target))
    return word


def translator(command: Command, ports: Mapping[int, int]) -> Callable[[str], str]:
    """Make the function that replaces paths, and addresses by the port that each has here."""
    addresses = "|".join(rf"127\.0\.0\.1:{port}(?!\d)" for port in ports)

    def here(found: re.Match[str]) -> str:
        return f"127.0.0.1:{ports[int(found[0].rpartition(':')[2])]}"

    def translate(word: str) -> str:
        path = on_host(word, command.mounts)
        return re.sub(addresses, here, path) if ports else path

    return translate


def git_environment(mounts: tuple[Mount, ...]) -> Mapping[str, str]:
    """Point git to the throwaway directory: the tree's own pointer names a path of the box."""
    sources = {mount.target: str(mount.source) for mount in mounts}
    if GIT not in sources or TREE not in sources:
        return {}
    return {"GIT_DIR": sources[GIT], "GIT_WORK_TREE": sources[TREE]}
