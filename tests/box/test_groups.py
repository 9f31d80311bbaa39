"""Control groups: where they are found, what is written to them, and what a killed command says."""

import os
import sys
from pathlib import Path

import pytest

from bot.box import Choice, Limits, Outcome, probe
from bot.box.groups import Groups
from bot.box.landlock import Landlock
from tests.box.boxed import AS_ROOT, PYTHON, command

SMALL = Limits(memory_bytes=100 * 2**20, processes=40)
here = Groups.find()
grouped = pytest.mark.skipif(here is None, reason="no control groups can be made here")
LEVELS = pytest.mark.parametrize("level", ["bubblewrap", "landlock", "none"])


async def limited(tree: Path, script: str, level: Choice, limits: Limits = SMALL) -> Outcome:
    box = await probe(level, limits=limits)
    return await box.run(command(tree, script))


def ours() -> list[Path]:
    return (
        []
        if here is None
        else [p for d in here.parents for p in d.glob(f"coppice-{os.getpid()}-*")]
    )


@grouped
@LEVELS
async def test_a_command_killed_for_its_memory_says_so(tmp_path: Path, level: Choice) -> None:
    outcome = await limited(tmp_path / "tree", f"{PYTHON} -c 'b\"x\" * 10**9'; sleep 1", level)

    assert (outcome.exit_code, outcome.problem) == (None, "memory limit of 100 MB")


@grouped
@LEVELS
async def test_memory_is_counted_over_all_its_processes(tmp_path: Path, level: Choice) -> None:
    one = f"{PYTHON} -c 'import time; x = b\"x\" * (40 * 2**20); time.sleep(10)'"

    outcome = await limited(tmp_path / "tree", f"{one} & {one} & {one} & wait", level)

    assert outcome.problem == "memory limit of 100 MB"


@grouped
@LEVELS
async def test_a_fork_bomb_comes_to_an_end_as_root_too(tmp_path: Path, level: Choice) -> None:
    outcome = await limited(tmp_path / "tree", "while :; do sleep 100 & done", level)

    assert outcome.problem is None
    assert "ork" in outcome.output  # dash: Cannot fork, bash: fork: retry


@grouped
async def test_an_open_process_tells_why_it_was_killed(tmp_path: Path) -> None:
    box = await probe("bubblewrap", limits=SMALL)
    script = f"exec {PYTHON} -c 'b\"x\" * 10**9'"

    async with box.open(command(tmp_path / "tree", script)) as process:
        code = await process.wait()

    assert (code, process.problem) == (128 + 9, "memory limit of 100 MB")


@grouped
async def test_processor_time_is_shared_out(tmp_path: Path) -> None:
    spin = f"{PYTHON} -c 'import time\nwhile time.process_time() < 0.3: pass'"

    outcome = await limited(tmp_path / "tree", spin, "landlock", Limits(cpus=0.2))

    assert outcome.exit_code == 0
    assert outcome.seconds > 0.9


async def test_without_control_groups_each_process_has_its_limit(tmp_path: Path) -> None:
    box = Landlock(read=(Path(sys.prefix), Path(sys.base_prefix)), limits=SMALL)

    outcome = await box.run(command(tmp_path / "tree", f"{PYTHON} -c 'b\"x\" * 10**9'"))

    assert "MemoryError" in outcome.output
    assert "a process" in box.held


def fake(folder: Path, groups: str, mounts: str) -> Path:
    (folder / "cgroup").write_text(groups)
    (folder / "mountinfo").write_text(mounts)
    return folder


def unified(folder: Path, *, at: str, lent: str) -> Path:
    """Lay out version 2 with this process in ``at``, and controllers in ``lent``."""
    tree = folder / "tree"
    (tree / at).mkdir(parents=True)
    (tree / lent / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    (tree / lent / "cgroup.subtree_control").write_text("")
    return fake(folder, f"0::/{at}\n", f"30 1 0:26 / {tree} rw - cgroup2 cgroup2 rw\n")


def test_a_service_alone_in_its_group_moves_down_and_limits_others(tmp_path: Path) -> None:
    system = unified(tmp_path, at="coppice.service", lent="coppice.service")
    own = tmp_path / "tree/coppice.service"
    (own / "cgroup.procs").write_text(f"{os.getpid()}\n")

    Groups.find(system)

    assert (own / "coppice/cgroup.procs").read_text() == str(os.getpid())
    assert (own / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"


def test_a_group_with_others_in_it_is_left_alone(tmp_path: Path) -> None:
    system = unified(tmp_path, at="session.scope", lent="session.scope")
    own = tmp_path / "tree/session.scope"
    (own / "cgroup.procs").write_text(f"{os.getpid()}\n1\n")

    assert Groups.find(system) is None
    assert not (own / "coppice").exists()


@pytest.mark.parametrize(
    ("groups", "mounts"),
    [
        ("", ""),
        ("0::/\n", ""),
        ("4:memory:/a\n3:pids:/a\n", ""),
        ("4:memory:/a\n", "30 1 0:26 / /nowhere rw - cgroup cgroup rw,memory\n"),
        ("garbage", "garbage"),
    ],
)
def test_where_nothing_is_found_there_is_nothing(tmp_path: Path, groups: str, mounts: str) -> None:
    assert Groups.find(fake(tmp_path, groups, mounts)) is None


def test_what_a_killed_service_left_is_removed(tmp_path: Path) -> None:
    """Not what a service left or uses whose processes we do not see: one in a container."""
    memory, pids = tmp_path / "memory", tmp_path / "pids"
    view = os.stat("/proc/self/ns/pid").st_ino
    for parent in (memory, pids):
        (parent / f"coppice-999999999-{view}.00").mkdir(parents=True)
        (parent / f"coppice-{os.getpid()}-{view}.00").mkdir()
        (parent / f"coppice-999999999-{view + 1}.00").mkdir()
    mounts = "".join(
        f"30 1 0:26 / {path} rw - cgroup cgroup rw,{path.name}\n" for path in (memory, pids)
    )

    Groups.find(fake(tmp_path, "4:memory:/\n3:pids:/\n", mounts))

    assert sorted(path.name for path in tmp_path.glob("*/coppice-*.00")) == sorted(
        2 * [f"coppice-{os.getpid()}-{view}.00", f"coppice-999999999-{view + 1}.00"]
    )


# Root could write to all, and should not: `test_box_unprivileged` runs this one then.
if not AS_ROOT:

    def test_a_group_that_was_lent_to_our_user_takes_ours_too(
        tmp_path: Path,
    ) -> None:
        system = unified(tmp_path, at="coppice.service/main", lent="coppice.service")

        Groups.find(system)

        control = tmp_path / "tree/coppice.service/cgroup.subtree_control"
        assert control.read_text() == "+memory +pids +cpu"
