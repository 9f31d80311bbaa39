"""The file of a backup: a tar with the database, the runs' files, and a manifest of checksums.

Its last member is the manifest, so that a file that was cut off has none. What is read from one is
hostile until every name and checksum is checked.
"""

import hashlib
import io
import os
import re
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

from pydantic import ValidationError

from bot.errors import OperatorError
from bot.runs import Record

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "coppice.sqlite"
ENGINE = "engine.sqlite"
RUNS = "runs/"
_NAME = re.compile(rf"{DATABASE}|{ENGINE}|runs/[A-Za-z0-9]+(?:/(?!\.\.?(?:/|\Z))[^/\0]+)+")
_LARGEST_MANIFEST = 256 * 2**20
_BLOCK = 2**20


class Member(Record):
    size: int
    sha256: str


class Manifest(Record):
    """What a backup holds, and of what."""

    format: Literal[1] = 1
    version: str
    """Of Coppice."""
    schema_revision: str
    database: Literal["sqlite", "postgresql"]
    """What it was made of. The engine's state comes with SQLite alone."""
    at: str
    audit_head: str
    rows: Mapping[str, int]
    members: Mapping[str, Member]


class NotABackup(OperatorError):
    """A file is no backup of ours, or not a whole one."""


class Writing:
    """A backup that is being written."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.members: dict[str, Member] = {}

    def add(self, name: str, path: Path) -> None:
        """Add a regular file as long as it is now; one that has just gone is left out."""
        try:
            handle = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
        except OSError:
            return
        with handle:
            info = tarfile.TarInfo(name)
            info.size, info.mode = os.fstat(handle.fileno()).st_size, 0o600
            hashed = _Hashed(handle)
            self._tar.addfile(info, hashed)
        self.members[name] = Member(size=info.size, sha256=hashed.digest.hexdigest())

    def finish(self, manifest: Manifest) -> None:
        document = manifest.model_dump_json(indent=1).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode = len(document), 0o600
        self._tar.addfile(info, io.BytesIO(document))


@contextmanager
def writing(path: Path) -> Iterator[Writing]:
    """Write a backup beside and rename it: there is a whole one or none. Mode 0600."""
    part = path.with_name(f".{path.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                yield Writing(tar)
            file.flush()
            os.fsync(descriptor)
        os.replace(part, path)
    except OSError as error:
        raise OperatorError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


def read_manifest(path: Path) -> Manifest:
    """Read what a backup says of itself. Raises NotABackup."""
    with _opened(path) as tar:
        try:
            info = tar.getmember(MANIFEST)
        except KeyError:
            raise NotABackup(
                f"{path} is not a whole backup of Coppice: its end is missing"
            ) from None
        if not info.isreg() or info.size > _LARGEST_MANIFEST:
            raise NotABackup(f"{path} is not a backup of Coppice")
        handle = tar.extractfile(info)
        document = handle.read() if handle else b""
    try:
        return Manifest.model_validate_json(document)
    except ValidationError:
        raise NotABackup(
            f"{path} has a manifest that this version cannot read: use the version that wrote it"
        ) from None


def extract(path: Path, manifest: Manifest, folder: Path) -> None:
    """Unpack a backup into an empty folder, each member checked. Raises NotABackup."""
    left = dict(manifest.members)
    with _opened(path) as tar:
        for info in tar:
            if info.name == MANIFEST:
                continue
            member = left.pop(info.name, None)
            if member is None or not info.isreg() or not _NAME.fullmatch(info.name):
                raise NotABackup(f"{path} holds {info.name!r}, which does not belong there")
            if _unpack(tar, info, folder / info.name) != member:
                raise NotABackup(f"{path} is damaged: {info.name} is not what was written")
    if left:
        raise NotABackup(f"{path} is damaged: {min(left)} is missing")


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(path, mode="r:") as tar:
            yield tar
    except tarfile.TarError as error:
        raise NotABackup(f"{path} is not a whole backup of Coppice: {error}") from error
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror or error}") from error


def _unpack(tar: tarfile.TarFile, info: tarfile.TarInfo, target: Path) -> Member:
    handle = tar.extractfile(info)
    if handle is None:
        raise NotABackup(f"{info.name} is not a file")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    hashed, size = _Hashed(handle), 0
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while block := hashed.read(_BLOCK):
            size += file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return Member(size=size, sha256=hashed.digest.hexdigest())


class _Hashed:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self.digest.update(block)
        return block
