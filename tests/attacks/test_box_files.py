"""Attacks on files from the box: writing out of the tree, reading the host, the git pointer.

security.md rows 5, 13, 16, 17 and 32.
"""

from pathlib import Path

import pytest

from bot.box import GIT, Choice, Mount
from tests.box.boxed import AS_ROOT, EACH_LEVEL, boxed


@pytest.mark.parametrize(
    "target",
    [
        "../x",
        "/x",
        "/etc/passwd",
        "/usr/x",
        "/bin/sh",
        "/dev/x",
        "/proc/x",
        "/home/x",
        "/tree/../x",
    ],
)
@EACH_LEVEL
async def test_nothing_is_written_outside_the_tree(
    tmp_path: Path, target: str, level: Choice
) -> None:
    outcome = await boxed(tmp_path / "tree", f"echo pwned > {target}", level=level)

    assert outcome.exit_code != 0
    assert [path.name for path in tmp_path.iterdir()] == ["tree"]


@EACH_LEVEL
async def test_no_file_of_the_host_is_there_to_be_read(tmp_path: Path, level: Choice) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary")

    outcome = await boxed(
        tmp_path / "tree",
        f"cat {secret} /etc/shadow /etc/hostname ~root/.ssh/* /home/*/.claude/* ~/.config/gh/*;"
        " ls / /home /var /run /mnt /opt /srv /sys /boot",
        level=level,
    )

    assert "canary" not in outcome.output
    found = {line for line in outcome.output.splitlines() if not line.startswith(("cat:", "ls:"))}
    assert not found & {"var", "run", "mnt", "opt", "srv", "sys", "boot", secret.name}


@EACH_LEVEL
async def test_a_link_that_leads_out_leads_nowhere(tmp_path: Path, level: Choice) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary")
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/planted").symlink_to(secret)

    outcome = await boxed(
        tmp_path / "tree",
        f"ln -s {secret} a; ln -s ../secret b; ln -s /etc/shadow c; cat planted a b c; echo x > a",
        level=level,
    )

    assert outcome.output.count("No such file or directory") + outcome.output.count("denied") >= 4
    assert secret.read_text() == "canary"


@EACH_LEVEL
async def test_keys_of_the_host_are_hidden_even_from_roots_box(
    tmp_path: Path, level: Choice
) -> None:
    outcome = await boxed(tmp_path / "tree", "ls -A /etc/ssl/private /etc | sort", level=level)

    assert not {".pem", ".key"} & {Path(line).suffix for line in outcome.output.split()}
    assert "shadow" not in outcome.output.split()


@pytest.mark.parametrize(
    "attack",
    [
        "rm -f .git",
        "mv .git g",
        "echo 'gitdir: /tree/evil' > .git",
        "ln -sf evil .git",
        "mkdir -p .git/hooks && echo evil > .git/hooks/post-checkout",
        "rm -rf /tree .",
    ],
)
async def test_the_git_pointer_stays_what_it_is(tmp_path: Path, attack: str) -> None:
    tree, pointer = tmp_path / "tree", tmp_path / "pointer"
    tree.mkdir()
    (tree / ".git").write_text("gitdir: /the/mirror/worktrees/1\n")
    pointer.write_text(f"gitdir: {GIT}\n")

    outcome = await boxed(tree, attack, mounts=(Mount(source=pointer, target="/tree/.git"),))

    assert outcome.exit_code != 0
    assert (tree / ".git").read_text() == "gitdir: /the/mirror/worktrees/1\n"
    assert pointer.read_text() == f"gitdir: {GIT}\n"


async def test_deleting_the_worktree_leaves_its_directory_and_ends(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/file").write_text("x")

    outcome = await boxed(tmp_path / "tree", "rm -rf /tree/* /tree; cd /; rmdir /tree; ls /tree")

    assert outcome.problem is None
    assert list((tmp_path / "tree").iterdir()) == []


async def test_objects_that_are_lent_stay_unchanged(tmp_path: Path) -> None:
    objects = tmp_path / "objects"
    objects.mkdir()
    (objects / "pack").write_text("object")
    lent = Mount(source=objects, target="/mirror/objects")

    outcome = await boxed(
        tmp_path / "tree",
        "cd /mirror/objects; cat pack; echo x > pack; rm -f pack; chmod 777 pack; touch new",
        mounts=(lent,),
    )

    assert outcome.output.startswith("object")
    assert [(path.name, path.read_text()) for path in objects.iterdir()] == [("pack", "object")]


@EACH_LEVEL
async def test_no_device_can_be_made_or_opened(tmp_path: Path, level: Choice) -> None:
    outcome = await boxed(
        tmp_path / "tree",
        "mknod disk b 8 0; mknod mem c 1 1; ls /dev; cat /proc/kcore /dev/mem",
        level=level,
    )

    assert outcome.exit_code != 0
    assert list((tmp_path / "tree").iterdir()) == []
    assert not {"mem", "sda", "vda", "kmsg", "fuse", "kvm"} & set(outcome.output.split())


@EACH_LEVEL
async def test_settings_of_the_kernel_are_out_of_reach_as_root_too(
    tmp_path: Path, level: Choice
) -> None:
    names = "sys/kernel/core_pattern sysrq-trigger sys/vm/drop_caches self/oom_score_adj"
    before = Path("/proc/sys/kernel/core_pattern").read_text()

    script = f"for name in {names}; do echo '|/tree/evil' > /proc/$name && echo WRITTEN; done"

    outcome = await boxed(tmp_path / "tree", script, level=level)

    assert "WRITTEN" not in outcome.output
    assert Path("/proc/sys/kernel/core_pattern").read_text() == before


@pytest.mark.skipif(not AS_ROOT, reason="the trap is for root")
async def test_root_cannot_mount_the_host_anew_for_writing(tmp_path: Path) -> None:
    outcome = await boxed(
        tmp_path / "tree",
        "mount -o remount,rw,bind /usr || mount -o remount,rw / || mount -t tmpfs x /tmp"
        " || umount /usr || touch /usr/pwned || chroot / true",
    )

    assert outcome.exit_code != 0
    assert not Path("/usr/pwned").exists()
