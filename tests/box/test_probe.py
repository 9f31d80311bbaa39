"""The box is tried out at the start, and nothing runs without one unless the operator says so."""

import sys
from pathlib import Path

import pytest

from bot.box import BoxLevel, probe
from bot.errors import OperatorError
from tests.box.boxed import command


def stand_in(directory: Path, script: str) -> None:
    program = directory / "bwrap"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


async def test_auto_takes_bubblewrap() -> None:
    assert (await probe("auto")).level is BoxLevel.BUBBLEWRAP


async def test_without_bubblewrap_auto_takes_landlock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert (await probe("auto")).level is BoxLevel.LANDLOCK


async def test_without_bubblewrap_a_box_by_its_name_refuses_and_says_how_to_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(OperatorError, match=r"apt-get install bubblewrap.*COPPICE_BOX=none"):
        await probe("bubblewrap")


async def test_without_either_auto_refuses_and_names_both(tmp_path: Path) -> None:
    """A box in the box: there bubblewrap may not unshare, and this kernel has no Landlock."""
    script = (
        "import asyncio; from bot.box import probe, landlock; landlock.CREATE_RULESET = 425;"
        "asyncio.run(probe('auto'))"
    )
    sources = Path(__file__).parents[2]
    box = await probe("bubblewrap", read=(Path(sys.prefix), Path(sys.base_prefix), sources))

    outcome = await box.run(
        command(tmp_path / "tree", f'cd {sources}; python3 -c "{script}"', seconds=60)
    )

    assert outcome.exit_code == 1
    for word in (
        "bubblewrap does not work here",
        "landlock does not work here",
        "COPPICE_BOX=none",
    ):
        assert word in outcome.output


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
        await probe("bubblewrap")


async def test_none_is_taken_only_by_its_name() -> None:
    assert (await probe("none")).level is BoxLevel.NONE
