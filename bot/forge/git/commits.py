"""Commits and tags of a bare repository: who wrote what, when, on what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.forge.git.objects import ObjectMissing, read_objects, require, resolve
from bot.forge.git.process import git


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who wrote or committed something, and when (epoch seconds)."""

    name: str
    email: str
    at: int
    zone: str = "+0000"

    @classmethod
    def from_iso(cls, name: str, email: str, date: str) -> "Identity":
        """Build one from GitHub's date (`2026-03-01T12:00:00Z`); raises ValueError."""
        moment = datetime.fromisoformat(date)
        zone = moment.strftime("%z") if moment.tzinfo else "+0000"
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return cls(name=name, email=email, at=int(aware.timestamp()), zone=zone[:5] or "+0000")

    @property
    def date(self) -> str:
        """The time as GitHub prints it, in UTC."""
        return datetime.fromtimestamp(self.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def raw(self) -> str:
        name, email = (part.translate(_UNFIT).strip() for part in (self.name, self.email))
        return f"{name} <{email}> {self.at} {self.zone}"


_UNFIT = str.maketrans("", "", "<>\n\0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Identity
    committer: Identity
    message: str
    signature: str | None = None
    """The armoured signature, when there is one."""

    @property
    def title(self) -> str:
        return self.message.split("\n", 1)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCommit:
    tree: str
    parents: Sequence[str]
    message: str
    author: Identity
    committer: Identity | None = None
    """None: the author."""
    signature: str | None = None


async def create_commit(repository: Path, new: NewCommit) -> str:
    """Write a commit; raises ObjectMissing when tree or parents are not there."""
    await require(repository, {new.tree: "tree", **dict.fromkeys(new.parents, "commit")})
    lines = [f"tree {new.tree}", *(f"parent {sha}" for sha in new.parents)]
    lines += [f"author {new.author.raw}", f"committer {(new.committer or new.author).raw}"]
    if new.signature:
        lines.append("gpgsig " + new.signature.strip("\n").replace("\n", "\n "))
    text = "\n".join(lines) + "\n\n" + new.message
    options = ("hash-object", "-t", "commit", "-w", "--stdin")
    return (await git(repository, *options, stdin=text.encode())).decode().strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTag:
    name: str
    target: str
    kind: str
    """`commit`, `tree`, `blob` or `tag`."""
    message: str
    tagger: Identity


async def create_tag(repository: Path, new: NewTag) -> str:
    """Write an annotated tag object (not its ref); raises ObjectMissing."""
    await require(repository, {new.target: new.kind})
    head = f"object {new.target}\ntype {new.kind}\ntag {new.name}\ntagger {new.tagger.raw}"
    text = f"{head}\n\n{new.message.rstrip()}\n"
    return (await git(repository, "mktag", stdin=text.encode())).decode().strip()


async def read_commit(repository: Path, revision: str) -> Commit:
    """Return the commit of a branch, tag or sha; raises ObjectMissing."""
    sha = await resolve(repository, revision)
    if sha is None:
        raise ObjectMissing(revision)
    return (await read_commits(repository, [sha]))[0]


async def read_commits(
    repository: Path, shas: Sequence[str], variables: Mapping[str, str] | None = None
) -> list[Commit]:
    """Read many commits in one process; raises ObjectMissing."""
    if not shas:
        return []
    commits = []
    for sha, found in zip(shas, await read_objects(repository, shas, variables), strict=True):
        if found is None or found[1] != "commit":
            raise ObjectMissing(sha)
        commits.append(_commit(found[0], found[2]))
    return commits


def _commit(sha: str, data: bytes) -> Commit:
    head, _, message = data.decode(errors="replace").partition("\n\n")
    fields: dict[str, list[str]] = {}
    key = ""
    for line in head.split("\n"):
        if line.startswith(" "):
            fields[key][-1] += "\n" + line[1:]
        else:
            key, _, value = line.partition(" ")
            fields.setdefault(key, []).append(value)
    return Commit(
        sha=sha,
        tree=fields["tree"][0],
        parents=tuple(fields.get("parent", ())),
        author=_identity(fields["author"][0]),
        committer=_identity(fields["committer"][0]),
        message=message.removesuffix("\n"),
        signature=next(iter(fields.get("gpgsig", ())), None),
    )


def _identity(line: str) -> Identity:
    who, _, when = line.rpartition("> ")
    name, _, email = who.partition("<")
    at, _, zone = when.partition(" ")
    return Identity(name=name.strip(), email=email, at=int(at), zone=zone or "+0000")


async def log(
    repository: Path, revision: str, *, path: str | None = None, limit: int = 30, skip: int = 0
) -> list[Commit]:
    """Return commits reachable from ``revision``, newest first; raises ObjectMissing."""
    sha = await resolve(repository, revision)
    if sha is None:
        raise ObjectMissing(revision)
    where = ["--", path] if path else []
    options = (f"--max-count={limit}", f"--skip={skip}", sha, *where)
    output = await git(repository, "rev-list", *options)
    return await read_commits(repository, output.decode().split())
