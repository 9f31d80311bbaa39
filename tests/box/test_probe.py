"""The box is tried out at the start, and nothing runs without one unless the operator says so."""

from pathlib import Path

import pytest

from bot.box import BoxLevel, probe
from bot.errors import OperatorError


def stand_in(directory: Path, script: str) -> None:
    program = directory / "bwrap"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


async def test_auto_takes_bubblewrap() -> None:
    assert (await probe("auto")).level is BoxLevel.BUBBLEWRAP


async def test_without_bubblewrap_auto_refuses_and_says_how_to_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(OperatorError, match=r"apt-get install bubblewrap.*COPPICE_BOX=none"):
        await probe("auto")


async def test_a_bubblewrap_that_may_not_unshare_is_refused_with_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, "echo 'bwrap: No permissions to create new namespace'; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    with pytest.raises(OperatorError, match=r"No permissions to create.*user namespaces"):
        await probe("bubblewrap")


async def test_a_bubblewrap_that_runs_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, "exit 0")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    with pytest.raises(OperatorError, match="does not work here"):
        await probe("auto")


async def test_landlock_says_that_it_is_not_built_yet() -> None:
    with pytest.raises(OperatorError, match="not built yet"):
        await probe("landlock")


async def test_none_is_taken_only_by_its_name() -> None:
    assert (await probe("none")).level is BoxLevel.NONE
