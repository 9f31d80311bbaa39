"""A program that was forked is what a new interpreter would have been, as far as can be seen."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service.nursery import Nursery, can_start
from tests.service.world import ROOT, Program, World

pytestmark = pytest.mark.slow

HOLDS_ONE = """
import asyncio, os, sys
from pathlib import Path
from tests.service.nursery import Nursery
from tests.service.world import Program
arguments = ("forge", "--json", "--state", sys.argv[1], "--seed", "demo")
async def main():
    forge = await Program.start(Path(sys.argv[2]), arguments, {}, forked=True)
    print(Nursery.of("forge").process.pid, forge.process.pid, flush=True)
    os.abort()
asyncio.run(main())
"""


async def forge(folder: Path, *, forked: bool) -> Program:
    folder.mkdir()
    arguments = ("forge", "--json", "--state", str(folder / "state"), "--seed", "demo")
    return await Program.start(folder / "forge.log", arguments, {}, forked=forked)


def looks(pid: int) -> dict[str, object]:
    """What the kernel tells of a process that does not name it."""
    process = Path("/proc") / str(pid)
    status = dict(re.findall(r"(\w+):\s*(.*)", (process / "status").read_text()))
    maps = re.findall(r"/\S+\.so\S*", (process / "maps").read_text())
    kinds = {fd.name: re.sub(r"\d+", "N", os.readlink(fd)) for fd in (process / "fd").iterdir()}
    # Not how many threads: a pool starts another only when none is idle just then.
    names = ("SigBlk", "SigIgn", "SigCgt", "NSsid", "Umask", "Seccomp", "NoNewPrivs")
    return {
        **{name: status.get(name) for name in names},
        "cwd": os.readlink(process / "cwd"),
        "libraries": sorted(set(maps)),
        "descriptors": sorted(kind.rpartition("/")[2] for kind in kinds.values()),
        "stdin": kinds["0"],
        "limits": (process / "limits").read_text(),
    }


async def test_the_kernel_sees_no_difference(tmp_path: Path) -> None:
    programs = [await forge(tmp_path / str(forked), forked=forked) for forked in (False, True)]
    try:
        new, forked = [looks(program.process.pid) for program in programs]
    finally:
        for program in programs:
            await program.kill()

    assert forked == new


async def test_signals_and_exit_codes_are_the_program_s_own(tmp_path: Path) -> None:
    one = await forge(tmp_path / "one", forked=True)
    other = await forge(tmp_path / "other", forked=True)
    assert one.process.returncode is None
    os.kill(one.process.pid, 0)

    assert await other.stop() == 0
    await one.kill()

    assert one.process.returncode == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        one.process.send_signal(signal.SIGTERM)
    with pytest.raises(ProcessLookupError):
        os.kill(one.process.pid, 0)


@pytest.mark.parametrize("given", [{}, {"COPPICE_APP_ID": "none"}, {"COPPICE_PORT": "all"}])
async def test_it_knows_what_it_was_given_and_nothing_of_the_one_before(
    tmp_path: Path, given: dict[str, str]
) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **given}
    serve = [sys.executable, "-m", "bot", "serve"]
    new = await asyncio.to_thread(
        subprocess.run, serve, env=environment, cwd=ROOT, capture_output=True, check=False
    )
    with (tmp_path / "log").open("wb") as log:
        nursery = Nursery.of("serve")
        program = await nursery.start(("serve",), environment, log.fileno(), 2**16)
        async with asyncio.timeout(60):
            out, code = await program.stdout.read(), await program.wait()

    assert (out, code) == (new.stdout, new.returncode)
    assert (tmp_path / "log").read_bytes() == new.stderr != b""


async def test_what_is_started_again_is_a_new_interpreter(there: World) -> None:
    assert there.service is not None
    first = Path(f"/proc/{there.service.process.pid}/cmdline").read_text()
    await there.kill()
    await there.serve()
    again = Path(f"/proc/{there.service.process.pid}/cmdline").read_text()

    assert ("nursery" in first, "nursery" in again) == (True, False)


async def test_the_nursery_ends_with_its_pytest(tmp_path: Path) -> None:
    arguments = (str(tmp_path / "state"), str(tmp_path / "log"))
    died = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", HOLDS_ONE, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    nursery, program = json.loads(f"[{died.stdout.decode().replace(' ', ',')}]")
    try:
        async with asyncio.timeout(60):
            while Path(f"/proc/{nursery}").exists():
                await asyncio.sleep(0.05)
        assert died.returncode == -signal.SIGABRT
    finally:
        os.kill(program, signal.SIGKILL)


@pytest.mark.parametrize(
    ("arguments", "more", "fits"),
    [
        (("serve",), {"COPPICE_PORT": "0"}, True),
        (("serve", "--role", "worker"), {}, True),
        (("serve", "--role", "web"), {}, False),
        (("runs",), {}, False),
        (("serve",), {"PYTHONHASHSEED": "1"}, False),
        (("serve",), {"SSL_CERT_FILE": "/x"}, False),
        (("serve",), {"LC_ALL": "C"}, False),
    ],
)
def test_what_a_fork_cannot_show_is_not_forked(
    arguments: tuple[str, ...], more: dict[str, str], fits: bool
) -> None:
    assert can_start(arguments, {"PATH": "/bin", "HOME": "/", **more}) is fits
