"""Files of the worktree as the host reaches them, with the model's paths: never out of it.

A path is walked name by name from the tree's own descriptor, and no symbolic link is followed, so
that nothing an agent puts in the way can lead elsewhere, not even while we walk.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from bot.box import TREE

LARGEST = 5 * 2**20
"""Bytes of a file that is read or written."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class NotAllowed(Exception):
    """The path or what lies there is nothing to work on; the text is for the model."""


class Tree:
    def __init__(self, root: Path) -> None:
        self._root = root

    def relative(self, path: str) -> str:
        """Give a path from the root of the tree, `.` for the root itself; raises NotAllowed."""
        if not path.strip() or "\0" in path or len(path) > 4000:
            raise NotAllowed("a path from the root of the repository is needed")
        pure = PurePosixPath(path)
        for root in (TREE, str(self._root)):
            if pure.is_relative_to(root):
                pure = pure.relative_to(root)
        if pure.is_absolute() or ".." in pure.parts:
            raise NotAllowed(f"{path} lies outside the repository; paths begin at its root")
        if any(part.lower() == ".git" for part in pure.parts):
            raise NotAllowed(f"{path}: what git keeps is not to be touched")
        return str(pure)

    def read(self, path: str) -> bytes:
        """Read a regular file; raises NotAllowed."""
        *folders, name = self._parts(path)
        with self._folder(folders, path) as folder, _said(path, folder, name):
            descriptor = os.open(name, _READ, dir_fd=folder)
            with open(descriptor, "rb") as file:
                _require_file(os.fstat(descriptor), path)
                return file.read(LARGEST + 1)

    def write(self, path: str, data: bytes) -> bool:
        """Write a file whole, at once and with the mode that it had; say whether it is new.

        Folders on the way are made. Raises NotAllowed.
        """
        if len(data) > LARGEST:
            raise NotAllowed(f"{path} would be larger than {LARGEST // 2**20} MB")
        *folders, name = self._parts(path)
        with self._folder(folders, path, make=True) as folder, _said(path, folder, name):
            mode = _mode(folder, name, path)
            part = f".coppice-{os.urandom(6).hex()}"
            try:
                _fill(folder, part, data, mode)
                os.replace(part, name, src_dir_fd=folder, dst_dir_fd=folder)
            except OSError:
                _forget(folder, part)
                raise
            return mode is None

    def kind(self, path: str) -> str:
        """Tell `folder` or `file`; raises NotAllowed for links and whatever else."""
        parts = self._parts(path, root=True)
        if not parts:
            return "folder"
        with self._folder(parts[:-1], path) as folder, _said(path, folder, parts[-1]):
            found = os.stat(parts[-1], dir_fd=folder, follow_symlinks=False)
            if stat.S_ISDIR(found.st_mode):
                return "folder"
            if stat.S_ISLNK(found.st_mode):
                raise NotAllowed(_link(path, folder, parts[-1]))
            _require_file(found, path)
            return "file"

    def _parts(self, path: str, *, root: bool = False) -> Sequence[str]:
        parts = PurePosixPath(self.relative(path)).parts
        if not parts and not root:
            raise NotAllowed(f"{path} is a folder")
        return parts

    @contextmanager
    def _folder(self, names: Sequence[str], path: str, *, make: bool = False) -> Iterator[int]:
        """Open the folder that the names lead to, one after another."""
        folder = os.open(self._root, _FOLDER)
        try:
            for name in names:
                with _said(path, folder, name):
                    inner = _step(folder, name, make=make)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)


def _step(folder: int, name: str, *, make: bool) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
        os.mkdir(name, 0o755, dir_fd=folder)
        return os.open(name, _FOLDER, dir_fd=folder)


@contextmanager
def _said(path: str, folder: int, name: str) -> Iterator[None]:
    """Put the system's refusals into words that help a model."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotAllowed(f"there is no {path}") from error
    except OSError as error:
        raise NotAllowed(_link(path, folder, name) or f"{path}: {error.strerror}") from error


def _link(path: str, folder: int, name: str) -> str:
    try:
        target = os.readlink(name, dir_fd=folder)
    except OSError:
        return ""
    return f"{path}: `{name}` is a symbolic link to {target}, and links are not followed"


def _require_file(found: os.stat_result, path: str) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise NotAllowed(f"{path} is a folder")
    if not stat.S_ISREG(found.st_mode):
        raise NotAllowed(f"{path} is no regular file")
    if found.st_size > LARGEST:
        raise NotAllowed(f"{path} is larger than {LARGEST // 2**20} MB; look at it with a command")


def _mode(folder: int, name: str, path: str) -> int | None:
    """Give the mode of a file that is there; None: there is none."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(found.st_mode):
        raise NotAllowed(_link(path, folder, name))
    if stat.S_ISDIR(found.st_mode) or not stat.S_ISREG(found.st_mode):
        raise NotAllowed(f"{path} is no regular file")
    return stat.S_IMODE(found.st_mode) & 0o777


def _fill(folder: int, name: str, data: bytes, mode: int | None) -> None:
    descriptor = os.open(name, _WRITE, 0o644, dir_fd=folder)
    with open(descriptor, "wb") as file:
        file.write(data)
        if mode is not None:
            os.fchmod(descriptor, mode)


def _forget(folder: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except OSError:
        return
