"""Judge a change before it leaves the machine: fixed rules; what cannot be checked fails."""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from bot.guard.known import Known
from bot.guard.lockfiles import is_lockfile, strange_hosts
from bot.guard.paths import collisions, folded, leads_out, protected, unsafe
from bot.guard.secrets import scan

_log = logging.getLogger(__name__)

MEGABYTE = 1_000_000
SHOWN = 5
"""Secrets named per file; the file is blocked anyway."""
MOST_VIOLATIONS = 200
"""Named of one change; a hundred thousand files can break a rule each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLimits:
    """How much one change may be."""

    files: int = 100
    file_bytes: int = 5 * MEGABYTE
    total_bytes: int = 10 * MEGABYTE


class Mode(StrEnum):
    """Git's modes of tree entries."""

    FILE = "100644"
    EXECUTABLE = "100755"
    LINK = "120000"
    GITLINK = "160000"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One path that differs between two trees; modes are git's words, None where it is absent."""

    path: str
    old_mode: str | None
    new_mode: str | None
    size: int
    """Bytes of the new blob."""
    added: bytes | None = None
    """The lines that the old file has not; None: they were not read."""
    link_target: bytes | None = None
    """The blob of a symbolic link; None: it was not read."""
    before: bytes | None = None
    """The old blob of a lock file, of a new one those of the others; None: it was not read."""

    lfs: bytes | None = None
    """The blob of a file that git LFS holds, empty where no pointer is so large; None: it does not
    hold it, or the old blob is no pointer either."""

    @property
    def deleted(self) -> bool:
        return self.new_mode is None

    @property
    def gone(self) -> bool:
        """Nothing is left of what was there."""
        return self.old_mode is not None and (self.deleted or not self.size)


def is_pointer(blob: bytes) -> bool:
    """Tell what git LFS puts in the place of a file."""
    return blob.startswith(_POINTER)


@dataclass(frozen=True, slots=True)
class Violation:
    """Why a change may not leave."""

    rule: str
    path: str
    """Empty where the whole change is meant."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who a commit says that it is by: git's author and committer, ``Name <mail>``."""

    author: str
    committer: str


def check_changes(
    changes: Sequence[FileChange], limits: RuleLimits, own: Sequence[str] = ()
) -> list[Violation]:
    """Return every violation; a rule that breaks is one too, for then nothing is known.

    ``own`` are the operator's secrets, which may leave in no spelling and not in part.
    """
    found = _attempt("size", "", lambda: _amount(changes, limits))
    found += _attempt("secrets", "", lambda: _names(changes))
    found += _attempt("secrets", "", lambda: _own(changes, own))
    for change in changes:
        for rule, check in _RULES.items():
            found += _attempt(rule, change.path, partial(check, change, limits))
        if len(found) >= MOST_VIOLATIONS:
            break  # it is held anyway
    return found[:MOST_VIOLATIONS]


def check_spellings(changes: Sequence[FileChange], paths: Sequence[str]) -> list[Violation]:
    """Refuse new paths that some file systems take for another one of ``paths``, the whole tree."""

    def check() -> Iterator[str]:
        added = [change.path for change in changes if change.old_mode is None]
        for path, other in list(collisions(added, paths).items())[:SHOWN]:
            yield f"{path!r} and {other!r} are one path on some file systems"

    return _attempt("spelling", "", check)


def check_author(commit: Author, app: str) -> list[Violation]:
    """Refuse a commit that says to be by anybody but the App (``Name <mail>``)."""
    return [
        Violation(rule="author", path="", message=f"the commit says it is by {who}, not {app}")
        for who in sorted({commit.author, commit.committer} - {app})
    ]


def _attempt(rule: str, path: str, check: Callable[[], Iterator[str]]) -> list[Violation]:
    try:
        messages = list(check())
    except Exception as error:  # noqa: BLE001 - a guard that fails must block, whatever failed
        _log.warning("rule %s could not check %r", rule, path, exc_info=True)
        messages = [f"could not check: {type(error).__name__}"]
    return [Violation(rule=rule, path=path, message=message) for message in messages]


def _amount(changes: Sequence[FileChange], limits: RuleLimits) -> Iterator[str]:
    if len(changes) > limits.files:
        yield f"{len(changes)} files are changed; at most {limits.files} may be"
    total = sum(change.size for change in changes if not change.deleted)
    if total > limits.total_bytes:
        yield f"{_megabytes(total)} in all; at most {_megabytes(limits.total_bytes)} may be"


def _path(change: FileChange, _limits: RuleLimits) -> Iterator[str]:
    if why := unsafe(change.path):
        yield why


def _protected(change: FileChange, _limits: RuleLimits) -> Iterator[str]:
    if why := protected(change.path):
        yield f"not for an agent to change: {why}"


def _mode(change: FileChange, _limits: RuleLimits) -> Iterator[str]:
    if change.deleted:
        return
    mode = Mode(change.new_mode or "")
    if mode is Mode.GITLINK:
        yield "a repository inside the repository (gitlink)"
    elif mode is Mode.LINK:
        yield from _link(change)


def _link(change: FileChange) -> Iterator[str]:
    if change.link_target is None:
        yield "could not check: where the link leads was not read"
    elif leads_out(change.path, change.link_target):
        target = change.link_target[:100].decode(errors="replace")
        yield f"a link that leads out of the tree: {target!r}"


def _size(change: FileChange, limits: RuleLimits) -> Iterator[str]:
    if not change.deleted and change.size > limits.file_bytes:
        yield f"{_megabytes(change.size)}; at most {_megabytes(limits.file_bytes)} may be"


def _secrets(change: FileChange, _limits: RuleLimits) -> Iterator[str]:
    if change.deleted or change.new_mode == Mode.GITLINK:
        return
    added = change.link_target if change.new_mode == Mode.LINK else change.added
    if added is None:
        yield "could not check: what was added was not read"
        return
    for finding in scan(added, change.path)[:SHOWN]:
        yield f"a secret ({finding.rule}): `{finding.excerpt}`"


def _names(changes: Sequence[FileChange]) -> Iterator[str]:
    paths = "\n".join(change.path for change in changes)
    if findings := scan(paths.encode(errors="surrogateescape"), ""):
        yield f"a secret ({findings[0].rule}) in the name of a file"


def _own(changes: Sequence[FileChange], own: Sequence[str]) -> Iterator[str]:
    known = Known(own)
    for change in changes:
        parts = (change.path.encode(errors="surrogateescape"), change.added, change.link_target)
        if not change.deleted and any(known.shows(part) for part in parts if part):
            yield "a secret of this Coppice's operator, or a part of one"
            return


def _attributes(change: FileChange, _limits: RuleLimits) -> Iterator[str]:
    if change.deleted or folded(change.path.rpartition("/")[2]) != ".gitattributes":
        return
    if change.added is None:
        yield "could not check: what was added was not read"
    elif _RUNS_OR_HIDES.search(change.added):
        yield "not for an agent to change: it names a program, or hides files from review"


def _install(change: FileChange, _limits: RuleLimits) -> Iterator[str]:
    """What package tools start by themselves, on the machine of whoever installs."""
    name = folded(change.path.rpartition("/")[2])
    if change.deleted or name not in _MANIFESTS:
        return
    if change.added is None:
        yield "could not check: what was added was not read"
        return
    plain = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), change.added)
    if found := _AT_INSTALL.search(plain):
        hook = found[1].decode()
        yield f"not for an agent to change: `{hook}` runs when somebody installs the packages"


def _lockfile(change: FileChange, _limits: RuleLimits) -> Iterator[str]:
    if change.deleted or not is_lockfile(change.path):
        return
    # another name may take the place of the one that was there
    before = change.before or b"" if change.old_mode is None else change.before
    if change.added is None or before is None:
        yield "could not check: what was added was not read"
    elif hosts := strange_hosts(before, change.added):
        named = hosts[0][:100]
        yield f"not for an agent to change: dependencies would come from a new host, {named!r}"


def _lfs(change: FileChange, _limits: RuleLimits) -> Iterator[str]:
    """What GitHub has to have as a pointer: as it is, every clone complains of it."""
    if change.deleted or not change.size or change.lfs is None or change.new_mode == Mode.LINK:
        return
    if not is_pointer(change.lfs):
        yield "git LFS holds this file, and Coppice puts nothing there: a person has to add it"


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.1f} MB"


_RULES: dict[str, Callable[[FileChange, RuleLimits], Iterator[str]]] = {
    "path": _path,
    "protected": _protected,
    "mode": _mode,
    "size": _size,
    "secrets": _secrets,
    "attributes": _attributes,
    "install": _install,
    "lockfile": _lockfile,
    "lfs": _lfs,
}
_RUNS_OR_HIDES = re.compile(
    rb"\b(?:filter|merge|diff|working-tree-encoding)=|(?<=\s)-diff\b|\bbinary\b|\bexport-(?:subst|ignore)"
    rb"|linguist-(?:generated|vendored)"
)
_POINTER = b"version https://git-lfs.github.com/spec/"
_MANIFESTS = frozenset(("package.json", "composer.json"))
_ESCAPED = re.compile(rb"\\u00([0-7][0-9a-fA-F])")  # as JSON writes a letter
_AT_INSTALL = re.compile(
    rb"\"((?:pre|post)?install|(?:pre|post)?prepare|(?:pre|post)-(?:install|update|autoload)[a-z-]*)\""
)
