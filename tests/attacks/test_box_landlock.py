"""Attacks on the box without namespaces: what Landlock itself has no rule for.

security.md rows 6, 13, 17, 20, 32 and 33.
"""

import os
import platform
import resource
import socket
import subprocess
from pathlib import Path

import pytest

from bot.box import GIT, TREE, Forward, Mount, probe
from bot.box.landlock import LEAST_FOR_SCOPES, version
from bot.box.seccomp import CLONE, PRLIMIT, REFUSED, SETRLIMIT, SHARED
from tests.attacks.test_box_kernel import TRY
from tests.box.boxed import AS_ROOT, PYTHON, boxed, command
from tests.box.test_forward import shouting

MACHINE = platform.machine()
scoped = pytest.mark.skipif(version() < LEAST_FOR_SCOPES, reason="Linux 6.12 has the rules")


async def told(tmp_path: Path, lines: str, **options: object) -> dict[str, str]:
    """Run Python lines in the box and return what was tried with its result."""
    (tmp_path / "tree").mkdir(exist_ok=True)
    (tmp_path / "tree/try.py").write_text(TRY + lines)
    outcome = await boxed(tmp_path / "tree", f"{PYTHON} try.py $PORT", "landlock", **options)
    assert outcome.exit_code == 0, outcome.output
    return dict(line.rsplit(maxsplit=1) for line in outcome.output.splitlines())


@pytest.mark.parametrize("loopback", [False, True])
@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM", "SOCK_SEQPACKET"])
@pytest.mark.parametrize("family", [1, 2, 10, 16, 17, 38, 40, 43])
async def test_no_socket_can_be_opened(
    tmp_path: Path, family: int, kind: str, loopback: bool
) -> None:
    line = f"tried('it', lambda: socket.socket({family}, socket.{kind}))"

    assert await told(tmp_path, line, loopback=loopback) == {"it": "EAFNOSUPPORT"}


CALLS = """
port = int(sys.argv[1].rpartition(":")[2])
def to(*address):
    return lambda: socket.create_connection(address, timeout=5)
def opened(family, kind, protocol=0):
    return lambda: socket.socket(family, kind, protocol)
def fast_open():
    socket.socket().sendto(b"x", 0x20000000, ("127.0.0.1", HOST))
def fast_message():
    socket.socket().sendmsg([b"x"], [], 0x20000000, ("127.0.0.1", HOST))
def served():
    socket.create_server(("127.0.0.1", 0))
tried("model", to("127.0.0.1", port))
tried("host", to("127.0.0.1", HOST))
tried("world", to("1.1.1.1", 443))
tried("metadata", to("169.254.169.254", 80))
tried("dns over tcp", to("8.8.8.8", 53))
tried("fast open", fast_open)
tried("fast message", fast_message)
tried("server", served)
tried("udp", opened(2, socket.SOCK_DGRAM))
tried("udp6", opened(10, socket.SOCK_DGRAM))
tried("raw", opened(2, socket.SOCK_RAW, 1))
tried("mptcp", opened(2, socket.SOCK_STREAM, 262))
tried("sctp", opened(2, socket.SOCK_STREAM, 132))
tried("sctp packets", opened(2, socket.SOCK_SEQPACKET, 132))
tried("smc", opened(43, socket.SOCK_STREAM))
tried("netlink", opened(16, socket.SOCK_RAW))
tried("unix", opened(1, socket.SOCK_STREAM))
tried("pair", lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))
"""
"""What is tried beside the one port; `HOST` is another one of this machine."""


async def test_with_a_forwarded_port_there_is_tcp_to_that_port_and_nothing_else(
    tmp_path: Path,
) -> None:
    host = socket.create_server(("127.0.0.1", 0))
    lines = CALLS.replace("HOST", str(host.getsockname()[1]))
    async with shouting(tmp_path / "s") as path:
        results = await told(
            tmp_path,
            lines,
            forward=(Forward(port=8100, socket=path),),
            env={"PORT": "127.0.0.1:8100"},
        )

    host.close()
    assert results == {
        "model": "ALLOWED",
        **dict.fromkeys(("host", "world", "metadata", "dns over tcp", "server"), "EACCES"),
        **dict.fromkeys(("fast open", "fast message"), "ENOTSUP"),
        **dict.fromkeys(("udp", "udp6", "raw", "mptcp", "sctp", "pair"), "EPROTONOSUPPORT"),
        "sctp packets": "EPROTONOSUPPORT",
        **dict.fromkeys(("smc", "netlink", "unix"), "EAFNOSUPPORT"),
    }


async def test_pairs_between_own_processes_work(tmp_path: Path) -> None:
    assert await told(tmp_path, "tried('pair', socket.socketpair)") == {"pair": "ALLOWED"}


@scoped
async def test_a_socket_of_the_host_by_name_is_out_of_reach(tmp_path: Path) -> None:
    host = socket.socket(socket.AF_UNIX)
    host.bind(f"\0{tmp_path}")
    host.listen()
    line = f"tried('it', lambda: socket.socket(socket.AF_UNIX).connect('\\0{tmp_path}'))"

    async with shouting(tmp_path / "s") as path:
        mount = Mount(source=path, target="/model.sock")
        results = await told(tmp_path, line, mounts=(mount,))

    assert results == {"it": "EPERM"}
    host.close()


@pytest.mark.parametrize("name", sorted(REFUSED[MACHINE] | SHARED[MACHINE]))
async def test_calls_that_nobody_needs_are_refused(tmp_path: Path, name: str) -> None:
    number = (REFUSED[MACHINE] | SHARED[MACHINE])[name]
    line = f"tried('it', lambda: call({number}, 0, 0, 0, 0, 0))"

    assert await told(tmp_path, line) == {"it": "EPERM"}


@pytest.mark.parametrize("flag", [0x10000000, 0x00020000, 0x40000000])
async def test_no_namespace_can_be_made(tmp_path: Path, flag: int) -> None:
    lines = f"tried('clone', lambda: call({CLONE[MACHINE]}, {flag} | 17, 0, 0, 0, 0))"

    assert await told(tmp_path, lines) == {"clone": "EPERM"}


@scoped
@pytest.mark.parametrize("signal", ["0", "TERM", "KILL", "STOP"])
async def test_no_process_of_the_host_can_be_signalled(tmp_path: Path, signal: str) -> None:
    holder = subprocess.Popen(["sleep", "60"])

    outcome = await boxed(tmp_path / "tree", f"kill -{signal} {holder.pid}", "landlock")

    assert outcome.exit_code != 0
    assert holder.poll() is None
    holder.kill()
    holder.wait()


async def test_its_own_watcher_cannot_be_stopped(tmp_path: Path) -> None:
    outcome = await boxed(tmp_path / "tree", "kill -STOP $PPID; exit 5", "landlock")

    assert (outcome.exit_code, outcome.problem) == (5, None)


async def test_limits_of_the_host_cannot_be_lowered(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    line = f"""
limits = (ctypes.c_uint64 * 2)(0, 0)
tried("theirs", lambda: call({PRLIMIT[MACHINE]}, {os.getpid()}, 7, limits, None))
tried("own", lambda: call({PRLIMIT[MACHINE]}, 0, 4, limits, None))
"""

    assert await told(tmp_path, line) == {"theirs": "EPERM", "own": "ALLOWED"}
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before


async def test_the_mark_by_which_leftovers_are_known_cannot_be_taken_off(tmp_path: Path) -> None:
    """Not even lowered, though that takes no capability."""
    set_, get = PRLIMIT[MACHINE], SETRLIMIT[MACHINE]
    lines = f"""
limits = (ctypes.c_uint64 * 2)(1, 1)
libc.mmap.restype = ctypes.c_void_p
fixed = libc.mmap(ctypes.c_void_p(1 << 40), 4096, 3, 0x32, -1, 0)  # its low half is nothing
def mark():
    return open("/proc/self/limits").read().partition("Max file locks")[2].split()[:2]
before = mark()
tried("new", lambda: call({set_}, 0, 10, limits, None))
tried("old", lambda: call({get}, 10, limits))
tried("far", lambda: call({set_}, 0, 10, ctypes.c_void_p(fixed), None))
tried("read", lambda: call({set_}, 0, 10, None, limits))
print("kept", mark() == before != ["unlimited"] * 2)
"""

    assert await told(tmp_path, lines) == {
        **dict.fromkeys(("new", "old", "far"), "EPERM"),
        "read": "ALLOWED",
        "kept": "True",
    }


async def test_memory_and_open_files_of_the_host_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("canary")
    with open(tmp_path / "secret") as held:
        host = f"/proc/{os.getpid()}"
        script = (
            f"cat {host}/environ; cat {host}/maps; cat {host}/fd/{held.fileno()};"
            f"readlink -v {host}/fd/{held.fileno()}; ls {host}/root/ {host}/cwd/; cat {host}/mem"
        )

        outcome = await boxed(tmp_path / "tree", script, "landlock")

    assert outcome.output.count("denied") == 7
    assert "canary" not in outcome.output


async def test_no_capability_is_left_as_root_too(tmp_path: Path) -> None:
    script = "grep -hE 'Cap|NoNewPrivs' /proc/self/status"

    outcome = await boxed(tmp_path / "tree", script, "landlock")

    sets = dict(line.split() for line in outcome.output.splitlines())
    assert sets.pop("NoNewPrivs:") == "1"
    if not AS_ROOT:
        del sets["CapBnd:"]  # only root may empty it, and without new privileges it gives nothing
    assert set(sets.values()) == {"0" * 16}


async def test_the_pointer_that_a_command_plants_is_used_by_nobody(tmp_path: Path) -> None:
    tree, git, pointer = tmp_path / "tree", tmp_path / "git", tmp_path / "pointer"
    await boxed(git, "git init -q --bare . && git config core.bare false")
    pointer.write_text(f"gitdir: {GIT}\n")
    mounts = (
        Mount(source=pointer, target=f"{TREE}/.git"),
        Mount(source=git, target=GIT, writable=True),
    )
    plant = "git init -q evil; echo 'gitdir: evil/.git' > .git; touch seen; git status --porcelain"

    outcome = await boxed(tree, plant, "landlock", mounts=mounts)

    assert pointer.read_text() == f"gitdir: {GIT}\n"
    assert "?? seen" in outcome.output.splitlines()


async def test_what_is_lent_can_be_read_and_not_changed(tmp_path: Path) -> None:
    objects = tmp_path / "objects"
    objects.mkdir()
    (objects / "pack").write_text("object")
    (tmp_path / "config").write_text("canary")
    script = f"""cd {objects}; cat pack ../config; echo x > pack; rm -f pack; mv pack p; touch new;
        ln pack {tmp_path}/tree/hard; truncate -s 0 pack; ls .."""

    outcome = await boxed(
        tmp_path / "tree",
        script,
        "landlock",
        mounts=(Mount(source=objects, target="/mirror/objects"),),
    )

    assert outcome.output.startswith("object")
    assert "canary" not in outcome.output
    assert [(path.name, path.read_text()) for path in objects.iterdir()] == [("pack", "object")]


async def test_a_run_finds_nothing_of_another(tmp_path: Path) -> None:
    box = await probe("landlock")
    script = "echo canary > $HOME/b; echo canary > c; echo $HOME; sleep 60"

    async with box.open(command(tmp_path / "one", script)) as other:
        home = (await other.stdout.readline()).decode().strip()
        look = (
            f"cat {home}/b {tmp_path}/one/c; ls {home} {tmp_path} {Path(home).parent}; ls /dev/shm"
        )
        outcome = await boxed(tmp_path / "two", look, "landlock")

    assert "canary\n" not in outcome.output
    assert outcome.output.count("denied") >= 5
