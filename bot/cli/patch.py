"""`coppice patch`: the work of a run as a patch, delivered or kept, fit for `git am`."""

import asyncio
from pathlib import Path

from bot.cli import stored
from bot.cli.output import note, stdout
from bot.runs import Run
from bot.settings import StoreSettings, load
from bot.store import runs
from bot.store.cluster import run_files
from bot.worktree import BUNDLE, Mirrors, Works


def run(run_id: str, *, mbox: bool) -> int:
    """Write the patch to stdout as it is, byte for byte."""
    found = stored.read(lambda c: runs.get(c, run_id))
    if found is None:
        note(f"there is no run {run_id}; `coppice runs` lists them")
        return 1
    commit = found.work.head_sha or found.work.checkpoint
    if commit is None or found.work.patch_base is None:
        note(f"run {found.id} has no work yet: it is {found.status}")
        return 1
    if mbox and found.work.patch_merged is not None:
        note(f"run {found.id} resolved a merge, which is no mail; without --mbox it is a patch")
        return 1
    settings = load(StoreSettings)
    data_dir = settings.data_dir
    if not settings.is_sqlite:
        _bring(data_dir, found)
    patch = asyncio.run(read(data_dir, found, found.work.patch_base, commit, mbox=mbox))
    with stdout() as out:
        out.buffer.write(patch)
    return 0


def _bring(data_dir: Path, found: Run) -> None:
    """Bring the kept work of a run that was on another machine."""
    path = data_dir / "runs" / found.id / BUNDLE
    data = stored.read(lambda c: run_files.get(c, found.id, BUNDLE))
    if data is not None and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


async def read(data_dir: Path, found: Run, base: str, commit: str, *, mbox: bool) -> bytes:
    """Read it from the run's own objects, from its bundle where those are gone."""
    works = Works(data_dir / "runs", Mirrors(data_dir / "mirrors"))
    objects = works.open(found.repository.id, found.id)
    merged = None if mbox else found.work.patch_merged
    return await objects.kept_patch(base, commit, mbox=mbox, merged=merged)
