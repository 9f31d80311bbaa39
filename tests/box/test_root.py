"""COPPICE_BOX_ROOT: the box shows the system of an unpacked image in the place of the host's."""

import os
import re
import shutil
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from bot.box import Command, Mount, probe
from bot.box.system import inside
from bot.errors import OperatorError
from tests.box.boxed import command

PROGRAMS = ("sh", "cat", "ls", "env", "sleep")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Unpack a small image: some programs of this machine with what they are linked to."""
    root = tmp_path / "image"
    (root / "usr/bin").mkdir(parents=True)
    (root / "etc").mkdir()
    (root / "etc/os-release").write_text("ID=tiny\n")
    (root / "bin").symlink_to("usr/bin")
    for name in PROGRAMS:
        program = Path(str(shutil.which(name))).resolve()
        shutil.copy2(program, root / "usr/bin" / name)
        linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=True)
        for library in re.findall(r"(/\S+) \(0x", linked.stdout):
            copy = root / library.lstrip("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            if not copy.exists():
                shutil.copy2(os.path.realpath(library), copy)
    return root


async def test_programs_and_settings_are_those_of_the_image(tmp_path: Path, image: Path) -> None:
    box = await probe("auto", root=image)

    outcome = await box.run(
        command(
            tmp_path / "tree", "cat /etc/os-release; ls /usr/bin; echo $0; python3; git; exit 3"
        )
    )

    lines = outcome.output.splitlines()
    assert lines[: len(PROGRAMS) + 1] == ["ID=tiny", *sorted(PROGRAMS)]
    assert outcome.exit_code == 3


async def test_the_image_cannot_be_written_and_the_tree_can(tmp_path: Path, image: Path) -> None:
    box = await probe("bubblewrap", root=image)
    script = "echo x > /usr/bin/x; echo x > /etc/x; echo x > /x; echo done > file"

    await box.run(command(tmp_path / "tree", script))

    assert (tmp_path / "tree/file").read_text() == "done\n"
    assert not (image / "usr/bin/x").exists()
    assert not (image / "etc/x").exists()


async def test_limits_are_set_in_the_image_too(tmp_path: Path, image: Path) -> None:
    box = await probe("bubblewrap", root=image)

    outcome = await box.run(command(tmp_path / "tree", "ulimit -c; ulimit -f; kill -SEGV $$"))

    assert outcome.output == f"0\n{2**30 // 512}\n"
    assert outcome.exit_code == 128 + 11


async def test_a_link_out_of_the_image_shows_nothing_of_the_host(
    tmp_path: Path, image: Path
) -> None:
    secret = tmp_path / "secrets"
    secret.mkdir()
    (secret / "key").write_text("canary")
    (image / "opt").symlink_to(secret)
    (image / "usr/bin/leak").symlink_to(secret / "key")
    box = await probe("bubblewrap", root=image)

    outcome = await box.run(command(tmp_path / "tree", "cat /opt/key /usr/bin/leak; ls /opt/"))

    assert "canary" not in outcome.output
    assert outcome.output.count("No such file") == 3


async def test_a_directory_without_a_shell_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/sh").symlink_to("/nowhere/sh")

    with pytest.raises(OperatorError, match=r"COPPICE_BOX_ROOT=.* has no /bin/sh"):
        await probe("bubblewrap", root=tmp_path)
    with pytest.raises(OperatorError, match="there is no such directory"):
        await probe("auto", root=tmp_path / "absent")


@pytest.mark.parametrize("choice", ["landlock", "none"])
async def test_boxes_without_mounts_cannot_have_another_system(image: Path, choice: str) -> None:
    with pytest.raises(OperatorError, match="COPPICE_BOX_ROOT needs bubblewrap"):
        await probe("landlock" if choice == "landlock" else "none", root=image)


def test_links_in_the_image_are_followed_in_the_image(tmp_path: Path) -> None:
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/dash").write_text("")
    (tmp_path / "usr/bin/sh").symlink_to("/bin/../../../bin/dash")
    (tmp_path / "bin").symlink_to("/usr/bin")
    (tmp_path / "loop").symlink_to("/loop")

    assert inside(tmp_path, PurePosixPath("/bin/sh")) == tmp_path / "usr/bin/dash"
    assert not inside(tmp_path, PurePosixPath("/loop/sh")).is_file()


async def test_a_mount_of_a_file_stands_in_the_image(tmp_path: Path, image: Path) -> None:
    (tmp_path / "note").write_text("hello\n")
    box = await probe("bubblewrap", root=image)
    mount = Mount(source=tmp_path / "note", target="/run/coppice/note")

    outcome = await box.run(
        Command(argv=("cat", "/run/coppice/note"), mounts=(mount,), cwd="/", seconds=60)
    )

    assert outcome.output == "hello\n"
