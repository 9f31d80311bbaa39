"""Whose programs a box shows: the host's, or those of an unpacked image (COPPICE_BOX_ROOT)."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from bot.box.surroundings import ETC, SYSTEM
from bot.errors import OperatorError

MOST_LINKS = 40  # as the kernel allows
IMAGE = ("usr", *SYSTEM, "etc", "opt")


def of_host() -> Iterator[str]:
    """Show the system's programs as they stand on the host, and the few settings they need."""
    yield from ("--ro-bind", "/usr", "/usr")
    for name in SYSTEM:
        yield from _shown(Path("/", name), f"/{name}")
    for path in (Path("/etc", name) for name in ETC):
        if path.exists():
            yield from ("--ro-bind", str(path), str(path))
    if Path("/etc/ssl/private").is_dir():
        yield from ("--tmpfs", "/etc/ssl/private", "--remount-ro", "/etc/ssl/private")


def of_image(root: Path) -> Iterator[str]:
    """Show those of ``root``; a link in it means a place in the box, never one on the host."""
    for name in IMAGE:
        yield from _shown(root / name, f"/{name}")


def require_shell(root: Path) -> None:
    """Raise OperatorError where ``root`` holds no system."""
    if not root.is_dir():
        raise OperatorError(f"COPPICE_BOX_ROOT={root}: there is no such directory")
    if not inside(root, PurePosixPath("/bin/sh")).is_file():
        raise OperatorError(
            f"COPPICE_BOX_ROOT={root} has no /bin/sh: name the directory of an unpacked image,"
            " with its usr, bin, lib and etc"
        )


def inside(root: Path, path: PurePosixPath) -> Path:
    """Follow links below ``root`` as a process in there would; gives a path of the host."""
    waiting, found = list(path.parts[1:]), root
    for _ in range(MOST_LINKS + len(waiting)):
        if not waiting:
            break
        step = found / waiting.pop(0)
        if step.name in ("", ".."):
            found = root if found == root else found.parent
        elif step.is_symlink():
            target = step.readlink()
            found = root if target.is_absolute() else found
            waiting = [part for part in target.parts if part != "/"] + waiting
        else:
            found = step
    return found


def _shown(path: Path, target: str) -> Iterator[str]:
    if path.is_symlink():
        yield from ("--symlink", str(path.readlink()), target)
    elif path.is_dir():
        yield from ("--ro-bind", str(path), target)
