"""System calls that nothing in a box needs, as a seccomp filter in classic BPF: no library.

Numbers: linux/audit.h, linux/filter.h, linux/seccomp.h, linux/sched.h, asm/unistd_64.h (x86_64) and
asm-generic/unistd.h (aarch64). What is refused follows the lists of Docker and Flatpak.
"""

import errno
import platform
import struct
from collections.abc import Iterator, Mapping, Sequence

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
# What reaches from one box to another, or to the host, where they share their namespaces.
SHARED = {
    "x86_64": {
        "shmget": 29,
        "shmat": 30,
        "semget": 64,
        "msgget": 68,
        "mq_open": 240,
    },
    "aarch64": {
        "mq_open": 180,
        "msgget": 186,
        "semget": 190,
        "shmget": 194,
        "shmat": 196,
    },
}
SOCKET = {"x86_64": 41, "aarch64": 198}
SOCKETPAIR = {"x86_64": 53, "aarch64": 199}
PRLIMIT = {"x86_64": 302, "aarch64": 261}
SETRLIMIT = {"x86_64": 160, "aarch64": 164}
MARKED = 10  # RLIMIT_LOCKS: what is left of a command is known by it (`leftovers`)
# the call, and which of its arguments has the flags
SENDS = {"x86_64": {44: 3, 46: 2, 307: 3}, "aarch64": {206: 3, 211: 2, 269: 3}}
CLONE = {"x86_64": 56, "aarch64": 220}
CLONE3 = 435
NAMESPACES = 0x7E020000  # every CLONE_NEW* flag of clone(2)
UNIX, INTERNET = 1, (2, 10)  # AF_UNIX; AF_INET, AF_INET6
STREAM, TYPE_FLAGS = 1, 0x80800  # SOCK_STREAM; SOCK_NONBLOCK and SOCK_CLOEXEC
DATAGRAM_BIT, TCP = 2, 6  # of SOCK_DGRAM and SOCK_RAW, not of SOCK_STREAM and SOCK_SEQPACKET
FASTOPEN = 0x20000000  # MSG_FASTOPEN connects without the call of that name

LOAD, AND, IF_EQUAL, IF_AT_LEAST, IF_ANY_BIT, RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # struct seccomp_data, little endian
X32 = 0x40000000  # another way to the same calls on x86_64


def program(*, loopback: bool, machine: str = platform.machine()) -> bytes:
    """Build the filter for a box with namespaces of its own.

    ``loopback`` leaves the internet families to its network; Unix sockets are free.
    """
    families = (UNIX, *INTERNET) if loopback else (UNIX,)
    sockets = (*_families(families), _end())
    return b"".join((*_calls(machine), *_clone(machine), *_only(SOCKET[machine], sockets), _end()))


def program_on_host(*, unix: bool, tcp: bool, machine: str = platform.machine()) -> bytes:
    """Build the filter for a box that shares the host's namespaces.

    ``unix`` allows Unix sockets to any path, for which Landlock has no rules; ``tcp`` leaves TCP to
    Landlock's rules for ports. What Landlock does not take for TCP is refused: other protocols,
    datagrams, connections by MSG_FASTOPEN.
    """
    families = (UNIX,) * unix + INTERNET * tcp
    sockets = (*_families(families), *_streams(), _end())
    return b"".join(
        (
            *_calls(machine),
            *_refused(SHARED[machine]),
            *_clone(machine),
            *_only(PRLIMIT[machine], _own_limits()),
            *_only(SETRLIMIT[machine], _no_new_mark()),
            *_only(SOCKETPAIR[machine], _no_datagrams()),
            *(
                step
                for call, at in SENDS[machine].items()
                for step in _only(call, _no_fastopen(at))
            ),
            *_only(SOCKET[machine], sockets),
            _end(),
        )
    )


def _calls(machine: str) -> Iterator[bytes]:
    if machine not in ARCHITECTURES:
        raise OperatorError(f"there is no system call filter for {machine} yet; see COPPICE_BOX")
    yield _op(LOAD, ARCHITECTURE)
    yield _op(IF_EQUAL, ARCHITECTURES[machine], 1, 0)
    yield _op(RETURN, KILL)
    yield _op(LOAD, NUMBER)
    yield _op(IF_AT_LEAST, X32, 0, 1)
    yield _refuse(errno.ENOSYS)
    yield from _refused(REFUSED[machine])


def _refused(calls: Mapping[str, int]) -> Iterator[bytes]:
    for number in calls.values():
        yield _op(IF_EQUAL, number, 0, 1)
        yield _refuse(errno.EPERM)


def _clone(machine: str) -> Iterator[bytes]:
    """Refuse new namespaces; clone3 hides its flags in memory, and libc falls back to clone."""
    yield _op(IF_EQUAL, CLONE3, 0, 1)
    yield _refuse(errno.ENOSYS)
    new = (_load(0), _op(IF_ANY_BIT, NAMESPACES, 0, 1), _refuse(errno.EPERM), _end())
    yield from _only(CLONE[machine], new)


def _only(number: int, steps: Sequence[bytes]) -> Iterator[bytes]:
    """Take these steps, which have to end in a return, for one call; others pass them by."""
    yield _op(IF_EQUAL, number, 0, len(steps))
    yield from steps


def _families(allowed: tuple[int, ...]) -> Iterator[bytes]:
    """Refuse every family of sockets but these; go on with the family loaded."""
    yield _load(0)
    for place, family in enumerate(allowed):
        yield _op(IF_EQUAL, family, len(allowed) - place, 0)
    yield _refuse(errno.EAFNOSUPPORT)


def _streams() -> Iterator[bytes]:
    """Refuse what is no TCP in the internet families, and datagrams in the others."""
    yield _load(1)
    yield _op(IF_ANY_BIT, DATAGRAM_BIT, 0, 1)
    yield _refuse(errno.EPROTONOSUPPORT)
    yield _load(0)
    yield _op(IF_EQUAL, UNIX, 7, 0)
    yield _load(1)
    yield _op(AND, 0xFFFFFFFF ^ TYPE_FLAGS)
    yield _op(IF_EQUAL, STREAM, 0, 3)
    yield _load(2)
    yield _op(IF_EQUAL, 0, 2, 0)
    yield _op(IF_EQUAL, TCP, 1, 0)
    yield _refuse(errno.EPROTONOSUPPORT)


def _no_datagrams() -> tuple[bytes, ...]:
    """Refuse pairs that can be connected anew, to any path."""
    refuse = _refuse(errno.EPROTONOSUPPORT)
    return (_load(1), _op(IF_ANY_BIT, DATAGRAM_BIT, 0, 1), refuse, _end())


def _no_fastopen(flags: int) -> tuple[bytes, ...]:
    return (_load(flags), _op(IF_ANY_BIT, FASTOPEN, 0, 1), _refuse(errno.EOPNOTSUPP), _end())


def _own_limits() -> tuple[bytes, ...]:
    """Refuse to change the resource limits of another process by its id, and the mark."""
    return (
        *(_load(0), _op(IF_EQUAL, 0, 1, 0), _refuse(errno.EPERM)),
        *(_load(1), _op(IF_EQUAL, MARKED, 0, 5)),
        *(_load(2), _op(IF_EQUAL, 0, 0, 2)),  # no new limit: it is only read
        *(_load(2, high=True), _op(IF_EQUAL, 0, 1, 0), _refuse(errno.EPERM)),
        _end(),
    )


def _no_new_mark() -> tuple[bytes, ...]:
    return (_load(0), _op(IF_EQUAL, MARKED, 0, 1), _refuse(errno.EPERM), _end())


def _load(argument: int, *, high: bool = False) -> bytes:
    """Load half of an argument: the low one is all that most calls here look at."""
    return _op(LOAD, FIRST_ARGUMENT + 8 * argument + 4 * high)


def _refuse(number: int) -> bytes:
    return _op(RETURN, ERRNO | number)


def _end() -> bytes:
    return _op(RETURN, ALLOW)


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
