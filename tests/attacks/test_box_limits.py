"""Attacks on room and patience from the box: endless output, garbage, input, disk and memory.

security.md row 24, and issue 3's list of bad input.
"""

import time
from pathlib import Path

from bot.box import Choice
from bot.box.bubblewrap import Bubblewrap
from bot.box.probe import installed
from bot.box.surroundings import Limits
from tests.box.boxed import EACH_LEVEL, boxed, command


@EACH_LEVEL
async def test_two_gigabytes_of_output_are_stopped_at_the_limit(
    tmp_path: Path, level: Choice
) -> None:
    log = tmp_path / "log"
    started = time.monotonic()

    outcome = await boxed(
        tmp_path / "tree", "head -c 2G /dev/zero", log=log, seconds=60, level=level
    )

    assert (outcome.exit_code, outcome.problem) == (None, "output limit of 64 MB")
    assert log.stat().st_size == 64 * 2**20
    assert len(outcome.output) < 10_100
    assert time.monotonic() - started < 50


@EACH_LEVEL
async def test_endless_lines_are_stopped_at_a_lower_limit(tmp_path: Path, level: Choice) -> None:
    outcome = await boxed(tmp_path / "tree", "yes", output_limit=2**20, level=level)

    assert (outcome.exit_code, outcome.problem) == (None, "output limit of 1 MB")


@EACH_LEVEL
async def test_invalid_utf8_and_control_bytes_become_text(tmp_path: Path, level: Choice) -> None:
    outcome = await boxed(tmp_path / "tree", "printf 'a\\377\\376b\\000c'; exit 1", level=level)

    assert (outcome.exit_code, outcome.output) == (1, "a\ufffd\ufffdb\ufffdc")


@EACH_LEVEL
async def test_a_command_that_asks_for_input_gets_none(tmp_path: Path, level: Choice) -> None:
    outcome = await boxed(
        tmp_path / "tree",
        "python3 -c 'input()'; read line < /dev/tty; read line || exit 5",
        level=level,
    )

    assert outcome.exit_code == 5
    assert "EOFError" in outcome.output
    assert outcome.seconds < 15


async def test_files_and_scratch_space_have_an_end(tmp_path: Path) -> None:
    limits = Limits(file_bytes=2**20, scratch_bytes=2**22)
    box = Bubblewrap(await installed(), read=(), limits=limits)
    script = """
        head -c 2M /dev/zero > big; echo file $?
        for n in 1 2 3 4 5 6 7 8; do head -c 1M /dev/zero > /tmp/$n || echo tmp full; done
        for n in 1 2 3 4 5 6 7 8; do head -c 1M /dev/zero > $HOME/$n || echo home full; done
        for n in 1 2 3 4 5 6 7 8; do head -c 1M /dev/zero > /dev/shm/$n || echo shm full; done
    """

    outcome = await box.run(command(tmp_path / "tree", script))

    assert (tmp_path / "tree/big").stat().st_size == 2**20
    assert {"tmp full", "home full", "shm full"} <= set(outcome.output.splitlines())


@EACH_LEVEL
async def test_no_core_is_dumped(tmp_path: Path, level: Choice) -> None:
    outcome = await boxed(tmp_path / "tree", "ulimit -c; kill -SEGV $$", level=level)

    assert (outcome.exit_code, outcome.output) == (128 + 11, "0\n")
    assert list((tmp_path / "tree").iterdir()) == []
