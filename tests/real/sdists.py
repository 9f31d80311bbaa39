"""Source archives of released projects, as pip fetches them: pinned by hash, kept in a cache."""

import hashlib
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

_PIP = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check")
_SOURCE_ONLY = ("--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--require-hashes")
_PATIENCE = ("--retries", "1", "--timeout", "15")


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One released version; the hash is that of its source archive."""

    project: str
    version: str
    sha256: str

    @property
    def name(self) -> str:
        return f"{self.project}-{self.version}"


def unpack(release: Release, folder: Path) -> Path:
    """Lay the tree of a release below ``folder``; skip the test where pip cannot fetch it."""
    command = ("tar", "-xzf", _archive(release), "-C", folder, "--no-same-owner")
    subprocess.run(command, check=True)
    return folder / release.name


def _archive(release: Release) -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    cache = Path(home) / "coppice-tests"
    kept = cache / f"{release.name}.tar.gz"
    if not kept.is_file():
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            _fetch(release, Path(folder))
            (Path(folder) / kept.name).replace(kept)
    digest = hashlib.sha256(kept.read_bytes()).hexdigest()
    assert digest == release.sha256, f"{kept} is not the release that was pinned"
    return kept


def _fetch(release: Release, folder: Path) -> None:
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{release.project}=={release.version} --hash=sha256:{release.sha256}\n")
    options = (*_SOURCE_ONLY, *_PATIENCE, "--dest", folder, "--requirement", wanted)
    done = subprocess.run([*_PIP, *options], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return
    said = done.stderr.strip() or "nothing"
    assert "DO NOT MATCH" not in said, said
    pytest.skip(f"pip cannot fetch {release.name} (no network?): {said.splitlines()[-1]}")
