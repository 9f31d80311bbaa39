"""Attacks on the kernel's other doors from the box: network, namespaces, tracing.

security.md rows 6, 13, 20 and 33.
"""

import platform
import socket
from pathlib import Path

import pytest

from bot.box.seccomp import CLONE, REFUSED
from tests.box.boxed import PYTHON, boxed

TRY = """
import ctypes, errno, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def tried(name, act):
    try:
        act()
        print(name, "ALLOWED")
    except OSError as error:
        print(name, errno.errorcode.get(error.errno, error))
def call(number, *arguments):
    if libc.syscall(number, *arguments) == -1:
        raise OSError(ctypes.get_errno(), "")
"""


async def told(tmp_path: Path, lines: str, *, loopback: bool = False) -> dict[str, str]:
    """Run Python lines in the box and return what was tried with its result."""
    (tmp_path / "tree").mkdir(exist_ok=True)
    (tmp_path / "tree/try.py").write_text(TRY + lines)
    outcome = await boxed(tmp_path / "tree", f"{PYTHON} try.py", loopback=loopback)
    assert outcome.exit_code == 0, outcome.output
    return dict(line.rsplit(maxsplit=1) for line in outcome.output.splitlines())


@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW"])
@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"])
async def test_no_socket_can_be_opened(tmp_path: Path, family: str, kind: str) -> None:
    line = f"tried('it', lambda: socket.socket(socket.{family}, socket.{kind}))"

    assert await told(tmp_path, line) == {"it": "EAFNOSUPPORT"}


async def test_sockets_between_own_processes_work(tmp_path: Path) -> None:
    lines = "tried('pair', socket.socketpair)\ntried('unix', lambda: socket.socket(socket.AF_UNIX))"

    assert await told(tmp_path, lines) == {"pair": "ALLOWED", "unix": "ALLOWED"}


async def test_with_loopback_there_is_still_nothing_outside(tmp_path: Path) -> None:
    host = socket.create_server(("127.0.0.1", 0))
    lines = f"""
def own():
    server = socket.create_server(("127.0.0.1", 0))
    socket.create_connection(server.getsockname(), timeout=5)
def to(*address):
    return lambda: socket.create_connection(address, timeout=5)
tried("own", own)
tried("host", to("127.0.0.1", {host.getsockname()[1]}))
tried("world", to("1.1.1.1", 443))
tried("metadata", to("169.254.169.254", 80))
tried("dns", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("8.8.8.8", 53)))
tried("packet", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
"""

    results = await told(tmp_path, lines, loopback=True)

    host.close()
    assert results == {
        "own": "ALLOWED",
        "host": "ECONNREFUSED",
        "world": "ENETUNREACH",
        "metadata": "ENETUNREACH",
        "dns": "ENETUNREACH",
        "packet": "EAFNOSUPPORT",
    }


async def test_a_socket_of_the_host_by_name_is_out_of_reach(tmp_path: Path) -> None:
    host = socket.socket(socket.AF_UNIX)
    host.bind(f"\0{tmp_path}")
    host.listen()
    line = f"tried('it', lambda: socket.socket(socket.AF_UNIX).connect('\\0{tmp_path}'))"

    assert await told(tmp_path, line) == {"it": "ECONNREFUSED"}
    host.close()


@pytest.mark.parametrize("name", sorted(REFUSED[platform.machine()]))
async def test_calls_that_nobody_needs_are_refused(tmp_path: Path, name: str) -> None:
    number = REFUSED[platform.machine()][name]
    line = f"tried('it', lambda: call({number}, 0, 0, 0, 0, 0))"

    assert await told(tmp_path, line) == {"it": "EPERM"}


@pytest.mark.parametrize("flag", [0x10000000, 0x00020000, 0x40000000, 0x20000000])
async def test_no_namespace_can_be_made(tmp_path: Path, flag: int) -> None:
    lines = f"""
tried("clone", lambda: call({CLONE[platform.machine()]}, {flag} | 17, 0, 0, 0, 0))
tried("clone3", lambda: call(435, 0, 0))
"""

    assert await told(tmp_path, lines) == {"clone": "EPERM", "clone3": "ENOSYS"}


async def test_bubblewrap_in_the_box_gets_nowhere(tmp_path: Path) -> None:
    outcome = await boxed(tmp_path / "tree", "bwrap --unshare-user --ro-bind / / true")

    assert outcome.exit_code not in (0, 127)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="x32 is a way of x86_64")
async def test_calls_by_another_numbering_are_refused(tmp_path: Path) -> None:
    line = "tried('x32', lambda: call(0x40000000 + 41, 2, 1, 0))"

    assert await told(tmp_path, line) == {"x32": "ENOSYS"}
