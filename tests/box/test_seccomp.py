"""The system call filter is well formed for every machine that it knows."""

import struct

import pytest

from bot.box import seccomp
from bot.errors import OperatorError


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("loopback", [True, False])
def test_every_jump_lands_inside_and_every_way_ends_in_a_return(
    machine: str, loopback: bool
) -> None:
    code = seccomp.program(loopback=loopback, machine=machine)
    steps = list(struct.iter_unpack("HBBI", code))

    for place, (operation, if_true, if_false, _) in enumerate(steps):
        assert operation in (0x20, 0x15, 0x35, 0x45, 0x06)
        assert place + 1 + max(if_true, if_false) < len(steps) or operation == 0x06
    assert steps[-1][0] == 0x06


def test_a_machine_without_a_list_gets_no_box() -> None:
    with pytest.raises(OperatorError, match="riscv64"):
        seccomp.program(loopback=False, machine="riscv64")
