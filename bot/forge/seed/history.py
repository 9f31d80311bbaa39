"""Turn a history written as YAML into commits, with one `git fast-import`."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from bot.forge.git.process import git


async def import_history(repository: Path, branch: str, history: str) -> None:
    """Write the commits of a YAML text to a branch that is not there yet; the shas never vary."""
    commits = yaml.safe_load(history)
    stream = b"".join(part for commit in commits for part in _commit(branch, commit))
    await git(repository, "fast-import", "--quiet", stdin=stream)


def _commit(branch: str, commit: dict[str, Any]) -> Iterator[bytes]:
    when: datetime = commit["date"]
    zone = (when.strftime("%z") or "+0000")[:5]
    author = commit["author"]
    yield f"commit refs/heads/{branch}\n".encode()
    yield f"author {author} {int(when.timestamp())} {zone}\n".encode()
    committer = commit.get("committer", author)
    yield f"committer {committer} {int(when.timestamp())} {zone}\n".encode()
    yield _data(commit["message"])
    for path, text in commit["files"].items():
        if text is None:
            yield f"D {path}\n".encode()
        else:
            yield f"M 100644 inline {path}\n".encode() + _data(text)
    yield b"\n"


def _data(text: str) -> bytes:
    data = text.encode()
    return b"data %d\n%b\n" % (len(data), data)
