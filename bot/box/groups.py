"""Control groups around commands, where this process may make them: memory, processes, CPU time.

Version 1 has a tree for each controller and is open to root; version 2 has one tree, of which a
part may be delegated to us (systemd's `Delegate=yes`). There a group that has processes cannot have
limited groups below it, so ours are made beside the service's (`DelegateSubgroup=`), or the service
moves down into one of its own where it is alone.
"""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bot.box.surroundings import Limits, shown
from bot.errors import OperatorError

SYSTEM = Path("/proc/self")
PERIOD = 100_000  # microseconds
OWN = "coppice"
WANTED = ("memory", "pids", "cpu")


@dataclass(frozen=True, slots=True)
class Group:
    """The control group of one command at a time, in a directory or one for each controller."""

    version: int
    directories: tuple[Path, ...]

    def killed(self) -> int:
        """Count the processes in it that the kernel killed for want of memory."""
        name = "memory.oom_control" if self.version == 1 else "memory.events"
        for directory in self.directories:
            with suppress(OSError, ValueError):
                for line in (directory / name).read_text().splitlines():
                    if line.startswith("oom_kill "):
                        return int(line.split()[1])
        return 0

    def remove(self) -> None:
        """Kill who is left in it and remove it; where that lasts, it goes at the next start."""
        for directory in self.directories:
            with suppress(OSError):
                for pid in (directory / "cgroup.procs").read_text().split():
                    os.kill(int(pid), signal.SIGKILL)
            with suppress(OSError):
                directory.rmdir()


@dataclass(frozen=True, slots=True)
class Groups:
    """Where groups can be made."""

    version: int
    parents: tuple[Path, ...]
    cpu_only: Path | None = None
    """The one among them that only limits CPU time."""

    @classmethod
    def find(cls, system: Path = SYSTEM) -> Self | None:
        """Find and try the place; None where there is none for memory and processes."""
        try:
            found = cls._unified(system) or cls._by_controller(system)
            if found is not None:
                found._sweep()
                found._enter(found.make(Limits()))
        except (OSError, ValueError, OperatorError):
            return None
        return found

    def make(self, limits: Limits) -> Group:
        """Make a group with these limits, empty; raises OperatorError."""
        name = f"{OWN}-{os.getpid()}-{_view()}.{os.urandom(6).hex()}"
        used = [p for p in self.parents if limits.cpus is not None or p != self.cpu_only]
        group = Group(self.version, tuple(p / name for p in used))
        try:
            for directory in group.directories:
                directory.mkdir()
            for file, value in _values(self.version, limits):
                self._set(group, file, value)
        except OSError as error:
            group.remove()
            raise OperatorError(f"a control group could not be made: {error}") from error
        return group

    def _set(self, group: Group, file: str, value: str) -> None:
        places = [path / file for path in group.directories if (path / file).exists()]
        if not places and not file.startswith(("memory.memsw", "memory.swap", "cpu")):
            raise OSError(f"there is no {file}")
        for place in places:
            place.write_text(value)

    def _enter(self, group: Group) -> None:
        """Try that a process of ours may go in; raises OSError."""
        places = [str(directory / "cgroup.procs") for directory in group.directories]
        script = 'for place; do echo 0 > "$place" || exit 1; done'
        argv = ("/bin/sh", "-c", script, "sh", *places)
        done = subprocess.run(argv, env={}, stderr=subprocess.DEVNULL, check=False)
        group.remove()
        if done.returncode:
            raise OSError("no process may be moved there")

    def _sweep(self) -> None:
        """Remove the groups of services that were killed."""
        for parent in self.parents:
            for left in parent.glob(f"{OWN}-*-{_view()}.*"):
                if not Path("/proc", left.name.split("-")[1]).exists():
                    with suppress(OSError):
                        left.rmdir()

    @classmethod
    def _by_controller(cls, system: Path) -> Self | None:
        mounted = {
            name: (root, at)
            for kind, root, at, names in _mounts(system)
            for name in names
            if kind == "cgroup"
        }
        found = {}
        for name, path in _own(system):
            if name in WANTED and name in mounted:
                root, at = mounted[name]
                inside = path.removeprefix(root.rstrip("/")).lstrip("/")
                found[name] = at / inside if (at / inside).is_dir() else at
        if not {"memory", "pids"} <= found.keys():
            return None
        others = {found["memory"], found["pids"]}
        cpu = found.get("cpu")
        return cls(1, tuple(dict.fromkeys(found.values())), None if cpu in others else cpu)

    @classmethod
    def _unified(cls, system: Path) -> Self | None:
        roots = [at for kind, _, at, _ in _mounts(system) if kind == "cgroup2"]
        path = dict(_own(system)).get("")
        if not roots or path is None:
            return None
        own = roots[0] / path.lstrip("/")
        beside = own.parent
        if own != roots[0] and (own.name == OWN or _lent(beside)) and _opened(beside):
            return cls(2, (beside,))
        return cls(2, (own,)) if _moved_down(own) and _opened(own) else None


def _view() -> int:
    """Name the processes that we see: a service in a container knows nothing of the others'."""
    return os.stat("/proc/self/ns/pid").st_ino


def told(limits: Limits, groups: Groups | None) -> str:
    """Say what commands are held to, for people."""
    memory = f"memory {shown(limits.memory_bytes)}"
    if groups is None:
        return f"{memory} a process, {limits.processes} processes of this user, by rlimits"
    cpus = "" if limits.cpus is None else f", {limits.cpus:g} CPUs"
    return f"{memory}, {limits.processes} processes{cpus}, by cgroup v{groups.version}"


def _values(version: int, limits: Limits) -> Iterator[tuple[str, str]]:
    memory, pids = str(limits.memory_bytes), str(limits.processes + 2)  # and our own
    if version == 1:
        yield from (("memory.limit_in_bytes", memory), ("memory.memsw.limit_in_bytes", memory))
    else:
        yield from (("memory.max", memory), ("memory.swap.max", "0"))
    yield "pids.max", pids
    if limits.cpus is not None:
        quota = max(1000, int(limits.cpus * PERIOD))
        yield ("cpu.cfs_quota_us", str(quota)) if version == 1 else ("cpu.max", f"{quota} {PERIOD}")


def _own(system: Path) -> Iterator[tuple[str, str]]:
    """Yield controller and path of each group that we are in; no controller is version 2."""
    for line in (system / "cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        for name in names.split(","):
            yield name, path


def _mounts(system: Path) -> Iterator[tuple[str, str, Path, list[str]]]:
    """Yield kind, root, place and options of each mounted tree of control groups."""
    for line in (system / "mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind in ("cgroup", "cgroup2"):
            root, at = before.split()[3:5]
            yield kind, root, Path(at), options.split(",")


def _lent(group: Path) -> bool:
    """Say whether systemd gave it to our user; root could write to all, and should not."""
    return os.geteuid() != 0 and group.stat().st_uid == os.geteuid()


def _opened(group: Path) -> bool:
    """Let groups below it be limited, which it cannot while it has processes itself."""
    try:
        given = (group / "cgroup.controllers").read_text().split()
        wanted = [name for name in WANTED if name in given]
        have = (group / "cgroup.subtree_control").read_text().split()
        missing = " ".join(f"+{name}" for name in wanted if name not in have)
        if missing:
            (group / "cgroup.subtree_control").write_text(missing)
    except OSError:
        return False
    return {"memory", "pids"} <= set(wanted)


def _moved_down(own: Path) -> bool:
    """Move this process into a group of its own, where it is alone."""
    if (own / "cgroup.procs").read_text().split() != [str(os.getpid())]:
        return False
    (own / OWN).mkdir(exist_ok=True)
    (own / OWN / "cgroup.procs").write_text(str(os.getpid()))
    return True
