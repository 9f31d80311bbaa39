"""System calls that nothing in a box needs, as a seccomp filter in classic BPF: no library.

Numbers: linux/audit.h, linux/filter.h, linux/seccomp.h, linux/sched.h, asm/unistd_64.h (x86_64) and
asm-generic/unistd.h (aarch64). What is refused follows the lists of Docker and Flatpak.
"""

import errno
import platform
import struct
from collections.abc import Iterator

from bot.errors import OperatorError

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_NEW = {  # the same number everywhere, since Linux 5.1
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "pidfd_getfd": 438,
    "mount_setattr": 442,
}
REFUSED = {
    "x86_64": _NEW
    | {
        "ptrace": 101,
        "pivot_root": 155,
        "mount": 165,
        "umount2": 166,
        "init_module": 175,
        "delete_module": 176,
        "kexec_load": 246,
        "add_key": 248,
        "request_key": 249,
        "keyctl": 250,
        "unshare": 272,
        "perf_event_open": 298,
        "open_by_handle_at": 304,
        "setns": 308,
        "process_vm_readv": 310,
        "process_vm_writev": 311,
        "finit_module": 313,
        "bpf": 321,
        "userfaultfd": 323,
    },
    "aarch64": _NEW
    | {
        "umount2": 39,
        "mount": 40,
        "pivot_root": 41,
        "unshare": 97,
        "kexec_load": 104,
        "init_module": 105,
        "delete_module": 106,
        "ptrace": 117,
        "add_key": 217,
        "request_key": 218,
        "keyctl": 219,
        "perf_event_open": 241,
        "open_by_handle_at": 265,
        "setns": 268,
        "process_vm_readv": 270,
        "process_vm_writev": 271,
        "finit_module": 273,
        "bpf": 280,
        "userfaultfd": 282,
    },
}
SOCKET = {"x86_64": 41, "aarch64": 198}
CLONE = {"x86_64": 56, "aarch64": 220}
CLONE3 = 435
NAMESPACES = 0x7E020000  # every CLONE_NEW* flag of clone(2)
INTERNET = (2, 10)  # AF_INET, AF_INET6
KERNEL = (16, 17, 40)  # AF_NETLINK, AF_PACKET, AF_VSOCK

LOAD, IF_EQUAL, IF_AT_LEAST, IF_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # struct seccomp_data, little endian
X32 = 0x40000000  # another way to the same calls on x86_64


def program(*, loopback: bool, machine: str = platform.machine()) -> bytes:
    """Build the filter; ``loopback`` leaves the internet families to a network namespace."""
    if machine not in ARCHITECTURES:
        raise OperatorError(f"there is no system call filter for {machine} yet; see COPPICE_BOX")
    families = KERNEL if loopback else KERNEL + INTERNET
    return b"".join((*_calls(machine), *_clone(machine), *_sockets(machine, families)))


def _calls(machine: str) -> Iterator[bytes]:
    yield _op(LOAD, ARCHITECTURE)
    yield _op(IF_EQUAL, ARCHITECTURES[machine], 1, 0)
    yield _op(RETURN, KILL)
    yield _op(LOAD, NUMBER)
    yield _op(IF_AT_LEAST, X32, 0, 1)
    yield _refuse(errno.ENOSYS)
    for number in REFUSED[machine].values():
        yield _op(IF_EQUAL, number, 0, 1)
        yield _refuse(errno.EPERM)


def _clone(machine: str) -> Iterator[bytes]:
    """Refuse new namespaces; clone3 hides its flags in memory, and libc falls back to clone."""
    yield _op(IF_EQUAL, CLONE3, 0, 1)
    yield _refuse(errno.ENOSYS)
    yield _op(IF_EQUAL, CLONE[machine], 0, 4)
    yield _op(LOAD, FIRST_ARGUMENT)
    yield _op(IF_ANY_BIT, NAMESPACES, 0, 1)
    yield _refuse(errno.EPERM)
    yield _op(RETURN, ALLOW)


def _sockets(machine: str, families: tuple[int, ...]) -> Iterator[bytes]:
    yield _op(IF_EQUAL, SOCKET[machine], 1, 0)
    yield _op(RETURN, ALLOW)
    yield _op(LOAD, FIRST_ARGUMENT)
    for family in families:
        yield _op(IF_EQUAL, family, 0, 1)
        yield _refuse(errno.EAFNOSUPPORT)
    yield _op(RETURN, ALLOW)


def _refuse(number: int) -> bytes:
    return _op(RETURN, ERRNO | number)


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
