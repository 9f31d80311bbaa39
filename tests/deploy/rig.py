"""A systemd of its own for a test: process 1 of new namespaces, on a copy of this machine's files.

The copy is an overlay that goes away with it, and its control groups lie below one of its own. The
network is this machine's, so that a forge on loopback is reached; the units, their users and what
they are forbidden are the real ones.
"""

import asyncio
import os
import shutil
import signal
import site
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SYSTEMD = Path("/lib/systemd/systemd")
PYTHON = Path("/usr/bin/python3")
_USER = 987
_UP_SECONDS = 30.0
_BOOT = f"""
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$RIG"
mkdir "$RIG/upper" "$RIG/work" "$RIG/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$RIG/upper,workdir=$RIG/work" "$RIG/root"
cd "$RIG/root"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs tmpfs sys/fs/cgroup
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mkdir -p run/lock
rm -rf etc/systemd/system/*.wants
# nothing of what an ordinary boot does: the devices and the network are this machine's
for target in rig sysinit basic network-online; do
    printf '[Unit]\\nDescription=rig\\nDefaultDependencies=no\\n' >etc/systemd/system/$target.target
done
echo 'coppice:x:{_USER}:{_USER}::/nonexistent:/usr/sbin/nologin' >>etc/passwd
echo 'coppice:x:{_USER}:' >>etc/group
mkdir -p opt/coppice opt/site srv/shared
{PYTHON} -m venv --without-pip opt/coppice/.venv
mount --bind "$SITE" opt/site
mount --bind "$SHARED" srv/shared
for room in bot handlers prompts; do cp -r --preserve=timestamps "{ROOT}/$room" opt/coppice/; done
printf '/opt/coppice\\n/opt/site\\n' >opt/coppice/.venv/lib/python3.$MINOR/site-packages/here.pth
program=opt/coppice/.venv/bin/coppice
printf '#!/opt/coppice/.venv/bin/python\\nfrom bot.__main__ import main\\nmain()\\n' >$program
chmod 755 $program
mkdir -p etc/coppice
cp -r "$SETTINGS/." etc/coppice/
chown -R {_USER}:{_USER} etc/coppice
cp "{ROOT}"/deploy/systemd/*.service etc/systemd/system/
for unit in coppice coppice-web coppice-worker@ coppice-migrate; do
    mkdir etc/systemd/system/$unit.service.d
    printf '[Service]\\nStandardOutput=append:/var/log/%s.log\\nStandardError=inherit\\n' $unit \\
        >etc/systemd/system/$unit.service.d/log.conf
done
mkdir outside
pivot_root . outside  # not chroot: in one, the kernel makes no user namespaces
cd /
umount -l outside
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=rig {SYSTEMD} --system \\
    --unit=rig.target --log-target=console --show-status=no
"""

_ENTER = """
echo $$ >"$GROUP/cgroup.procs"
exec unshare --mount --pid --fork --uts --ipc --cgroup --kill-child sh -c "$BOOT"
"""


@dataclass(frozen=True, slots=True)
class Rig:
    """A running systemd; `/etc/coppice` holds the settings, `/srv/shared` a folder of ours."""

    pid: int

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run a command beside it."""
        enter = ("nsenter", "-t", str(self.pid), "-m", "-p", "-r", "--wd=/")
        return subprocess.run([*enter, *argv], capture_output=True, text=True, check=False)

    def say(self, *argv: str) -> str:
        return self.run(*argv).stdout.strip()

    def start(self, *units: str) -> None:
        done = self.run("systemctl", "start", *units)
        assert done.returncode == 0, done.stderr + self.log()

    def log(self) -> str:
        """What the units wrote."""
        return self.run("sh", "-c", "tail -c 4000 /var/log/coppice*.log").stdout


def require_systemd() -> None:
    """Skip where a systemd of its own cannot be had, and say why."""
    if os.geteuid() != 0 or not SYSTEMD.exists() or not shutil.which("nsenter"):
        pytest.skip("needs root and systemd to start the units (apt-get install systemd)")
    asked = subprocess.run([PYTHON, "-V"], capture_output=True, text=True, check=False).stdout
    if asked.split()[-1:] == [] or asked.split()[-1].split(".")[1] != str(sys.version_info[1]):
        pytest.skip(f"needs a {PYTHON} of this version: the units hide /root and /home")


@asynccontextmanager
async def booted(folder: Path, settings: Path, shared: Path) -> AsyncIterator[Rig]:
    """Boot it; ``settings`` becomes `/etc/coppice`, ``shared`` is seen at `/srv/shared`."""
    require_systemd()
    rig = folder / "rig"
    rig.mkdir()
    environment = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "RIG": str(rig),
        "SETTINGS": str(settings),
        "SHARED": str(shared),
        "SITE": site.getsitepackages()[0],
        "MINOR": str(sys.version_info[1]),
    }
    with _group() as group, (folder / "boot.log").open("wb") as log:
        environment |= {"BOOT": _BOOT, "GROUP": str(group)}
        outer = await asyncio.create_subprocess_exec(
            *("sh", "-c", _ENTER), env=environment, stdout=log, stderr=log
        )
        try:
            yield await _up(outer.pid, folder / "boot.log")
        finally:
            outer.send_signal(signal.SIGKILL)
            await outer.wait()


@contextmanager
def _group() -> Iterator[Path]:
    """Make a control group for all of it, and take it away with what systemd made in it."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    where = next((Path(at) for _, at, kind, *_ in mounts if kind == "cgroup2"), None)
    if where is None:
        pytest.skip("needs control groups of version 2 to start the units")
    group = where / f"coppice-rig-{uuid.uuid4().hex[:12]}"
    group.mkdir()
    try:
        yield group
    finally:
        (group / "cgroup.kill").write_text("1")
        for left in sorted(group.rglob("*/"), reverse=True):
            _remove(left)
        _remove(group)


def _remove(group: Path) -> None:
    for _ in range(50):  # until the last process of it is gone
        try:
            group.rmdir()
        except OSError:
            time.sleep(0.1)
        else:
            return


async def _up(outer: int, log: Path) -> Rig:
    try:
        async with asyncio.timeout(_UP_SECONDS):
            while True:
                children = Path(f"/proc/{outer}/task/{outer}/children").read_text().split()
                if children:
                    rig = Rig(int(children[0]))
                    if rig.say("systemctl", "is-active", "rig.target") == "active":
                        return rig
                await asyncio.sleep(0.2)
    except (TimeoutError, FileNotFoundError) as error:
        raise AssertionError(f"systemd does not come up:\n{log.read_text()}") from error
