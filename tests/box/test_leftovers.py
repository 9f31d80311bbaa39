"""What services that were killed have left behind goes when the next one starts a command."""

import os
import tempfile
from pathlib import Path

import pytest

from bot.box import leftovers

NOBODY = (1 << 22) - 1
"""No process has this number: Linux numbers fewer."""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_directories_of_services_that_are_gone_are_removed_and_no_others(temporary: Path) -> None:
    own = leftovers.make_scratch()
    dead = temporary / own.name.replace(f"-{os.getpid():x}-", f"-{NOBODY:x}-")
    elsewhere = temporary / f"coppice-1-{NOBODY:x}-abcdefgh"  # another view of processes
    others = [temporary / name for name in ("coppice-demo-abcdefgh", "coppice-abcdefgh", "tmp")]
    for folder in (dead / "below", elsewhere, *others):
        folder.mkdir(parents=True)
    (dead / "below" / "link").symlink_to(others[0])
    (other := temporary / f"{dead.name[:-8]}symlinks").symlink_to(others[0])

    leftovers.end_of_the_dead()

    assert not dead.exists()
    assert {*temporary.iterdir()} == {own, elsewhere, other, *others}
