"""COPPICE_BOX=landlock: what a command finds where nothing can be mounted."""

import os
import sys
from pathlib import Path

import pytest

from bot.box import GIT, TREE, BoxLevel, Command, Forward, Mount, probe
from bot.box.landlock import Landlock, version
from bot.errors import OperatorError, StageFailed
from tests.box.boxed import boxed, command
from tests.box.test_forward import calling, shouting

READ = (Path(sys.prefix), Path(sys.base_prefix))


async def test_it_works_where_the_tree_lies_and_what_it_writes_stays(tmp_path: Path) -> None:
    outcome = await boxed(tmp_path / "tree", "pwd; echo new > file; exit 7", "landlock")

    assert (outcome.exit_code, outcome.output) == (7, f"{tmp_path}/tree\n")
    assert (tmp_path / "tree/file").read_text() == "new\n"


async def test_the_level_is_two() -> None:
    box = await probe("landlock")

    assert (box.level, int(box.level), box.level.label) == (BoxLevel.LANDLOCK, 2, "landlock")


async def test_nothing_of_the_environment_is_inherited_and_home_is_fresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", "secret")
    script = (
        "env | cut -d= -f1 | sort; ls -A $HOME; echo x > $HOME/x; echo y > $TMPDIR/y; echo $HOME"
    )

    outcome = await boxed(tmp_path / "tree", script, "landlock")

    *names, home = outcome.output.split()
    given = ["GIT_CONFIG_NOSYSTEM", "HOME", "LANG", "PATH", "PIP_CONFIG_FILE", "PWD", "TMPDIR"]
    assert names == given
    assert not Path(home).exists()


async def test_the_python_of_coppice_and_its_child_processes_work(tmp_path: Path) -> None:
    script = 'python3 -c \'import subprocess, ssl; subprocess.run(["git", "--version"])\' && ls *'

    outcome = await boxed(
        tmp_path / "tree", script + "; mkdir a b; echo x > a/x; mv a/x b/x", "landlock"
    )

    assert outcome.output.startswith("git version")
    assert (tmp_path / "tree/b/x").exists()


async def test_git_works_on_the_throwaway_directory_and_no_pointer_is_left(tmp_path: Path) -> None:
    tree, git, pointer = tmp_path / "tree", tmp_path / "git", tmp_path / "pointer"
    await boxed(git, "git init -q --bare . && git config core.bare false")
    tree.mkdir()
    for file in (tree / ".git", pointer):
        file.write_text(f"gitdir: {GIT}\n")
    mounts = (
        Mount(source=pointer, target=f"{TREE}/.git"),
        Mount(source=git, target=GIT, writable=True),
    )

    outcome = await boxed(
        tree, "touch new; git status --porcelain; ls -A", "landlock", mounts=mounts
    )

    assert outcome.output == "?? new\nnew\n"


async def test_what_somebody_else_put_in_the_place_of_the_pointer_stays(tmp_path: Path) -> None:
    tree, pointer = tmp_path / "tree", tmp_path / "pointer"
    tree.mkdir()
    pointer.write_text(f"gitdir: {GIT}\n")
    (tree / ".git").symlink_to(pointer)

    await boxed(tree, "true", "landlock", mounts=(Mount(source=pointer, target=f"{TREE}/.git"),))

    assert (tree / ".git").is_symlink()


async def test_what_is_mounted_below_home_is_found_there(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("model = 1\n")
    mount = Mount(source=config, target="/home/agent/.codex/config.toml")
    script = (
        "cat $HOME/.codex/config.toml $CODEX_HOME/config.toml; echo 2 > $CODEX_HOME/config.toml"
    )

    outcome = await boxed(
        tmp_path / "tree",
        script,
        "landlock",
        mounts=(mount,),
        env={"CODEX_HOME": "/home/agent/.codex"},
    )

    assert outcome.output.startswith("model = 1\nmodel = 1\n")
    assert config.read_text() == "model = 1\n"


async def test_a_forwarded_port_is_a_free_one_that_the_command_is_told(tmp_path: Path) -> None:
    script = calling(tmp_path / "tree", "import sys\nprint(call(int(sys.argv[1]), b'hello'))")

    async with shouting(tmp_path / "s") as path:
        outcome = await boxed(
            tmp_path / "tree",
            f"echo $URL; {script} ${{URL##*:}}",
            "landlock",
            forward=(Forward(port=8100, socket=path),),
            env={"URL": "http://127.0.0.1:8100"},
        )

    url, answer = outcome.output.splitlines()
    assert url.startswith("http://127.0.0.1:")
    assert url != "http://127.0.0.1:8100"
    assert answer == "b'HELLO'"


async def test_a_socket_that_is_mounted_can_be_reached(tmp_path: Path) -> None:
    line = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
    line += "s.sendall(b'hi'); s.shutdown(1); print(s.recv(9))"

    for level in ("landlock", "bubblewrap", "none"):
        async with shouting(tmp_path / "s") as path:
            mount = Mount(source=path, target="/model.sock")
            box = await probe(level)
            outcome = await box.run(
                Command(
                    argv=("python3", "-c", line, "/model.sock"),
                    mounts=(mount,),
                    cwd="/",
                    seconds=60,
                )
            )
        assert outcome.output == "b'HI'\n", level


async def test_below_version_four_no_port_can_be_forwarded(tmp_path: Path) -> None:
    box = Landlock(read=READ, abi=3)

    with pytest.raises(OperatorError, match="no rules for ports"):
        await box.run(
            command(tmp_path / "tree", "true", forward=(Forward(port=81, socket=tmp_path),))
        )


@pytest.mark.parametrize("abi", range(1, min(version(), 6) + 1))
async def test_an_older_landlock_holds_files_too(tmp_path: Path, abi: int) -> None:
    (tmp_path / "secret").write_text("canary")
    box = Landlock(read=READ, abi=abi)

    outcome = await box.run(command(tmp_path / "tree", f"echo ok; cat {tmp_path}/secret"))

    assert (outcome.exit_code, outcome.output.split()[0]) == (1, "ok")
    assert "canary" not in outcome.output


async def test_what_cannot_be_set_up_is_no_failed_command(tmp_path: Path) -> None:
    absent = Mount(source=tmp_path / "absent", target="/mirror/objects")

    with pytest.raises(OperatorError, match=r"could not set up the box.*absent"):
        await boxed(tmp_path / "tree", "true", "landlock", mounts=(absent,))


@pytest.mark.parametrize("words", ["echo \0", "true " + "x" * 200_000])
async def test_words_that_no_program_can_be_given_block(tmp_path: Path, words: str) -> None:
    with pytest.raises(StageFailed, match="cannot be started") as caught:
        await boxed(tmp_path / "tree", words, "landlock")

    assert (caught.value.kind, caught.value.blocked) == ("bad_command", True)


async def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await boxed(tmp_path / "tree", "true", "landlock")
    before = set(os.listdir("/proc/self/fd"))

    await boxed(tmp_path / "tree", "mkdir -p $HOME/a/b; sleep 9", "landlock", seconds=0.1)
    await boxed(tmp_path / "tree", "yes", "landlock", output_limit=1000)
    with pytest.raises(OperatorError):
        await boxed(tmp_path / "tree", "true", "landlock", cwd="/tree/absent")

    assert set(os.listdir("/proc/self/fd")) == before


async def test_an_open_process_talks_both_ways_until_the_block_ends(tmp_path: Path) -> None:
    box = await probe("landlock")
    script = "read name; echo noise >&2; echo hello $name; sleep 100"

    async with box.open(command(tmp_path / "tree", script, log=tmp_path / "log")) as process:
        process.stdin.write(b"agent\n")
        answer = await process.stdout.readline()

    assert answer == b"hello agent\n"
    assert (tmp_path / "log").read_text() == "noise\n"
