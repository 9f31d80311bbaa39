"""Bare git directories of our own: made without a process, freed of what a killed git left."""

import shutil
from pathlib import Path

CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
HEAD = "ref: refs/heads/none\n"


def ensure_directory(path: Path) -> Path:
    """Make a bare git directory, or mend the frame of one; its objects and refs stay."""
    for part in ("objects/pack", "objects/info", "refs"):
        (path / part).mkdir(parents=True, exist_ok=True)
    config, head = path / "config", path / "HEAD"
    if not config.exists() or config.read_text(errors="replace") != CONFIG:
        config.write_text(CONFIG)
    if not head.exists() or not head.stat().st_size:
        head.write_text(HEAD)
    return path


def free_lock(path: Path) -> None:
    """Remove the lock of one file that git writes; only where no other git can be at work."""
    path.with_name(f"{path.name}.lock").unlink(missing_ok=True)


def free_locks(path: Path) -> None:
    """Remove lock files and half-written packs; only where no other git can be at work."""
    for pattern in ("*.lock", "refs/coppice/*.lock", "objects/tmp_*", "objects/pack/tmp_*"):
        for left in path.glob(pattern):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)
