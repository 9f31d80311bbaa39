"""Head and tail of any output are text, whatever it was."""

from pathlib import Path

import pytest

from bot.box.output import Output


def text(data: bytes, *, chunk: int = 7000) -> str:
    with Output(None, 2**30) as output:
        for start in range(0, len(data), chunk):
            output.add(data[start : start + chunk])
        return output.text()


@pytest.mark.parametrize("size", [0, 1, 9_999, 10_000])
def test_short_output_is_whole(size: int) -> None:
    assert text(b"x" * size) == "x" * size


@pytest.mark.parametrize("size", [10_001, 40_008, 40_009, 1_000_000])
def test_of_long_output_head_and_tail_are_kept(size: int) -> None:
    shown = text(b"<" + b"x" * (size - 2) + b">")

    head, cut, tail = shown.split("\n")
    assert (len(head), head[0], len(tail), tail[-1]) == (5000, "<", 5000, ">")
    assert cut == f"[… the middle of {size:,} bytes is left out …]"


@pytest.mark.parametrize("size", [40_000, 40_001, 40_002, 40_003, 90_000])
def test_wide_characters_are_not_cut_in_two(size: int) -> None:
    shown = text("🌳".encode() * size)

    assert "\ufffd" not in shown
    assert shown.count("🌳") == 10_000


def test_what_is_no_utf8_and_nul_are_replaced() -> None:
    assert text(b"a\xff\xfeb\0c") == "a\ufffd\ufffdb\ufffdc"


def test_the_limit_is_a_problem_and_the_log_ends_there(tmp_path: Path) -> None:
    with Output(tmp_path / "log", 10) as output:
        output.add(b"123456789012")

    assert output.problem is not None
    assert (tmp_path / "log").read_bytes() == b"1234567890"


def test_a_log_without_room_is_a_problem() -> None:
    with Output(Path("/dev/full"), 10) as output:
        output.add(b"1")

    assert output.problem == "its log could not be written: No space left on device"
