"""COPPICE_BOX=landlock: the kernel checks each file that a command opens; no namespaces are needed.

What Landlock has no rules for is refused as a system call (`seccomp.program_on_host`) or not held;
docs/security.md says which. Paths lie where they lie on the host (see `unmounted`).
"""

import ctypes
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from bot.box import seccomp
from bot.box.command import BoxLevel, Command
from bot.box.groups import Groups
from bot.box.mount import Mount
from bot.box.on_host import Confinement, OnHost
from bot.box.surroundings import ETC, SYSTEM, Limits
from bot.errors import OperatorError

CREATE_RULESET, ADD_RULE = 444, 445  # the same numbers everywhere
VERSION, PATH_BENEATH, NET_PORT = 1, 1, 2
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, TRUNCATE, IOCTL = 1, 2, 4, 8, 1 << 14, 1 << 15
DEVICES = 1 << 6 | 1 << 11  # making character and block devices
READ = EXECUTE | READ_FILE | READ_DIR
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL
CONNECT_TCP = 2
NETWORK, SCOPES = 3, 3  # bind and connect; abstract Unix sockets and signals
LEAST_FOR_PORTS, LEAST_FOR_SCOPES = 4, 6
FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
"""Rights over files by version, from 5 on those with IOCTL."""
NEEDED_DEVICES = ("null", "zero", "full", "random", "urandom")

# More of `/etc` than a box shows that can leave files out: to many programs a closed file is an
# error, and one that is not there is none. Nothing here holds a secret.
ETC_PUBLIC = (
    *("bash.bashrc", "ca-certificates.conf", "ca-certificates", "debian_version"),
    *("fonts", "gai.conf", "host.conf", "hostname", "inputrc", "ld.so.conf"),
    *("ld.so.conf.d", "locale.alias", "locale.conf", "localtime", "lsb-release", "magic"),
    *("magic.mime", "mime.types", "mailcap", "networks", "nsswitch.conf"),
    *("os-release", "perl", "profile", "profile.d", "protocols", "python3", "resolv.conf"),
    *("rpc", "services", "shells", "terminfo", "timezone"),
)

libc = ctypes.CDLL(None, use_errno=True)


class Attributes(ctypes.Structure):
    """struct landlock_ruleset_attr."""

    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class Beneath(ctypes.Structure):
    """struct landlock_path_beneath_attr."""

    _pack_ = 1
    _fields_ = (("access", ctypes.c_uint64), ("parent", ctypes.c_int32))


class Port(ctypes.Structure):
    """struct landlock_net_port_attr."""

    _fields_ = (("access", ctypes.c_uint64), ("port", ctypes.c_uint64))


def version() -> int:
    """Ask the kernel for its version of Landlock; 0: it has none, or it is switched off."""
    return max(0, int(libc.syscall(CREATE_RULESET, None, 0, VERSION)))


class Landlock(OnHost):
    # the host's own files are there and closed, which is an error to git and pip
    settings = MappingProxyType({"GIT_CONFIG_NOSYSTEM": "1", "PIP_CONFIG_FILE": os.devnull})

    def __init__(
        self,
        *,
        read: Sequence[Path],
        limits: Limits | None = None,
        groups: Groups | None = None,
        abi: int | None = None,
    ) -> None:
        """Take the kernel's version of Landlock, or pretend to an older one (``abi``)."""
        super().__init__(limits=limits, groups=groups)
        self._abi = version() if abi is None else abi
        wanted = (*_system(), *read, *(path.resolve() for path in read))
        self._read = tuple(path for path in dict.fromkeys(wanted) if path.exists())

    @property
    def level(self) -> BoxLevel:
        return BoxLevel.LANDLOCK

    def _confined(self, command: Command, ports: Sequence[int], held: ExitStack) -> Confinement:
        if ports and self._abi < LEAST_FOR_PORTS:
            raise OperatorError(
                "this kernel's Landlock has no rules for ports (Linux 6.7 has): an agent that"
                " reaches its model by TCP needs bubblewrap here"
            )
        _uncover(command.mounts)
        unix = any(mount.source.is_socket() for mount in command.mounts)
        return Confinement(
            ruleset=self._ruleset(command.mounts, ports, held),
            filter=seccomp.program_on_host(unix=unix, tcp=bool(ports)),
        )

    def _ruleset(self, mounts: tuple[Mount, ...], ports: Sequence[int], held: ExitStack) -> int:
        files = FILES.get(self._abi, FILES[4] | IOCTL)
        network = NETWORK if self._abi >= LEAST_FOR_PORTS else 0
        scopes = SCOPES if self._abi >= LEAST_FOR_SCOPES else 0
        attributes = Attributes(files, network, scopes)
        size = 24 if scopes else 16 if network else 8
        ruleset = _checked(libc.syscall(CREATE_RULESET, ctypes.byref(attributes), size, 0))
        held.callback(os.close, ruleset)
        for path in self._read:
            _allow(ruleset, path, READ & files)
        for name in NEEDED_DEVICES:
            _allow(ruleset, Path("/dev", name), (READ_FILE | WRITE_FILE | TRUNCATE) & files)
        for mount in mounts:
            _allow(ruleset, mount.source, files & ~DEVICES if mount.writable else READ & files)
        for port in ports:
            rule = Port(CONNECT_TCP, port)
            _checked(libc.syscall(ADD_RULE, ruleset, NET_PORT, ctypes.byref(rule), 0))
        return ruleset


def _allow(ruleset: int, path: Path, access: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError as error:
        raise OperatorError(f"landlock could not set up the box: {error}") from error
    try:
        is_directory = stat.S_ISDIR(os.fstat(fd).st_mode)
        rule = Beneath(access if is_directory else access & OF_FILES, fd)
        _checked(libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(fd)


def _uncover(mounts: tuple[Mount, ...]) -> None:
    """Take away what a file would cover, where it is the same: the git pointer of the worktree.

    Covered it could not be changed; without mounts a command could have it name another place.
    """
    for mount in mounts:
        for outer in mounts:
            target = PurePosixPath(mount.target)
            if outer is mount or not target.is_relative_to(outer.target):
                continue
            place = outer.source / target.relative_to(outer.target)
            if _same_file(place, mount.source):
                place.unlink()


def _same_file(one: Path, other: Path) -> bool:
    if one.is_symlink() or not (one.is_file() and other.is_file()):
        return False
    return one.stat().st_size == other.stat().st_size and one.read_bytes() == other.read_bytes()


def _checked(result: int) -> int:
    if result == -1:
        why = os.strerror(ctypes.get_errno())
        raise OperatorError(f"landlock could not set up the box: {why}")
    return result


def _system() -> Iterator[Path]:
    """Name the system's programs and settings; of `/etc/ssl` each part, since one is private."""
    yield from (Path("/usr"), Path("/proc"))
    yield from (Path("/", name) for name in SYSTEM)
    yield from (Path("/etc", name) for name in (*ETC, *ETC_PUBLIC) if name != "ssl")
    if Path("/etc/ssl").is_dir():
        yield from (path for path in Path("/etc/ssl").iterdir() if path.name != "private")
