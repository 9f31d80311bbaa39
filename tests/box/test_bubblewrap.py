"""What a command finds in the box, and what comes back from it."""

import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.box import BoxLevel, Command, Mount, probe
from bot.box.bubblewrap import Bubblewrap
from bot.box.probe import installed
from bot.errors import OperatorError, StageFailed
from tests.box.boxed import boxed, command


async def test_the_exit_code_and_both_streams_come_back(tmp_path: Path) -> None:
    outcome = await boxed(tmp_path / "tree", "echo out; echo err >&2; exit 7")

    assert (outcome.exit_code, outcome.output, outcome.problem) == (7, "out\nerr\n", None)


async def test_a_command_ended_by_a_signal_has_its_number(tmp_path: Path) -> None:
    outcome = await boxed(tmp_path / "tree", "kill -SEGV $$")

    assert outcome.exit_code == 128 + 11


async def test_it_works_in_the_tree_and_what_it_writes_stays(tmp_path: Path) -> None:
    outcome = await boxed(tmp_path / "tree", "pwd; echo new > file")

    assert outcome.output == "/tree\n"
    assert (tmp_path / "tree/file").read_text() == "new\n"


async def test_nothing_of_the_environment_is_inherited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", "secret")

    outcome = await boxed(tmp_path / "tree", "env | sort", env={"CI": "true"})

    path = f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin"
    expected = ["CI=true", "HOME=/home/agent", "LANG=C.UTF-8", f"PATH={path}", "PWD=/tree"]
    assert outcome.output.splitlines() == expected


async def test_the_python_of_coppice_is_at_hand(tmp_path: Path) -> None:
    outcome = await boxed(tmp_path / "tree", "python3 -c 'import sys; print(sys.prefix)'")

    assert outcome.output == f"{sys.prefix}\n"


async def test_home_and_tmp_are_fresh_for_every_command(tmp_path: Path) -> None:
    await boxed(tmp_path / "tree", "touch $HOME/a /tmp/b /dev/shm/c")

    outcome = await boxed(tmp_path / "tree", "ls -A $HOME /tmp /dev/shm | grep -v :")

    assert outcome.output.strip() == ""


async def test_the_log_has_all_of_it_and_belongs_to_us_alone(tmp_path: Path) -> None:
    log = tmp_path / "logs/verify.log"

    outcome = await boxed(tmp_path / "tree", "seq 100000", log=log)

    assert log.read_text().split() == [str(n) for n in range(1, 100001)]
    assert log.stat().st_mode & 0o777 == 0o600
    assert outcome.output.startswith("1\n2\n")
    assert outcome.output.endswith("\n100000\n")
    assert len(outcome.output) < 10_100


async def test_a_link_in_place_of_the_log_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "log").symlink_to(tmp_path / "precious")

    with pytest.raises(OSError, match="log"):
        await boxed(tmp_path / "tree", "echo hi", log=tmp_path / "log")

    assert not (tmp_path / "precious").exists()


async def test_input_that_is_given_is_read_to_its_end(tmp_path: Path) -> None:
    outcome = await boxed(tmp_path / "tree", "wc -c", stdin=b"x" * 300_000)

    assert outcome.output.strip() == "300000"


async def test_input_that_nobody_reads_disturbs_nothing(tmp_path: Path) -> None:
    outcome = await boxed(tmp_path / "tree", "echo done", stdin=b"x" * 300_000)

    assert (outcome.exit_code, outcome.output) == (0, "done\n")


async def test_more_directories_can_be_shown_read_only(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "tool").write_text("useful\n")
    box = await probe("auto", read=(tools,))

    outcome = await box.run(
        Command(argv=("/bin/sh", "-c", f"cat {tools}/tool; touch {tools}/x"), cwd="/", seconds=60)
    )

    assert outcome.output.startswith("useful\n")
    assert outcome.exit_code != 0
    assert [path.name for path in tools.iterdir()] == ["tool"]


async def test_a_mount_inside_another_covers_it(tmp_path: Path) -> None:
    (tmp_path / "pointer").write_text("gitdir: /git\n")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / ".git").write_text("gitdir: /the/real/one\n")
    pointer = Mount(source=tmp_path / "pointer", target="/tree/.git")

    outcome = await boxed(tree, "cat .git", mounts=(pointer,))

    assert outcome.output == "gitdir: /git\n"


async def test_a_box_that_cannot_be_set_up_is_no_failed_command(tmp_path: Path) -> None:
    absent = Mount(source=tmp_path / "absent", target="/git")

    with pytest.raises(OperatorError, match=r"could not set up the box.*absent"):
        await boxed(tmp_path / "tree", "true", mounts=(absent,))


async def test_a_missing_program_is_a_failed_command(tmp_path: Path) -> None:
    outcome = await boxed(tmp_path / "tree", "no-such-program")

    assert outcome.exit_code == 127
    assert "no-such-program" in outcome.output


@pytest.mark.parametrize("words", ["echo \0", "true " + "x" * 200_000])
async def test_words_that_no_program_can_be_given_block(tmp_path: Path, words: str) -> None:
    with pytest.raises(StageFailed, match="cannot be started") as caught:
        await boxed(tmp_path / "tree", words)

    assert (caught.value.kind, caught.value.blocked) == ("bad_command", True)


async def test_no_value_can_smuggle_in_an_option_of_the_box(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="NUL"):
        await boxed(tmp_path / "tree", "ls /host", env={"A": "b\0--bind\0/\0/host"})


async def test_an_older_bubblewrap_makes_a_box_too(tmp_path: Path) -> None:
    program = replace(await installed(), options=frozenset())

    outcome = await Bubblewrap(program, read=()).run(command(tmp_path / "tree", "echo hi"))

    assert (outcome.exit_code, outcome.output) == (0, "hi\n")


async def test_an_open_process_talks_both_ways_until_the_block_ends(tmp_path: Path) -> None:
    box = await probe("auto")
    script = "read name; echo noise >&2; echo hello $name; sleep 100"

    async with box.open(command(tmp_path / "tree", script, log=tmp_path / "log")) as process:
        process.stdin.write(b"agent\n")
        answer = await process.stdout.readline()

    assert answer == b"hello agent\n"
    assert (tmp_path / "log").read_text() == "noise\n"


async def test_an_open_process_that_floods_the_log_is_killed(tmp_path: Path) -> None:
    box = await probe("auto")
    flood = command(tmp_path / "tree", "yes >&2", log=tmp_path / "log", output_limit=2**20)

    async with box.open(flood) as process:
        code = await process.wait()

    assert (code, process.problem) == (128 + 9, "output limit of 1 MB")
    assert (tmp_path / "log").stat().st_size == 2**20


async def test_no_descriptor_is_left_behind(tmp_path: Path) -> None:
    await boxed(tmp_path / "tree", "true")
    before = set(os.listdir("/proc/self/fd"))

    await boxed(tmp_path / "tree", "sleep 9", seconds=0.1)
    await boxed(tmp_path / "tree", "yes", output_limit=1000)

    assert set(os.listdir("/proc/self/fd")) == before


async def test_the_level_is_told_by_the_word_of_the_setting() -> None:
    box = await probe("auto")

    assert box.level is BoxLevel.BUBBLEWRAP
    assert (int(box.level), box.level.label) == (3, "bubblewrap")


async def test_a_command_that_closes_its_output_is_waited_for(tmp_path: Path) -> None:
    script = "exec >&- 2>&-; sleep 0.3; echo late > file; exit 5"

    outcome = await boxed(tmp_path / "tree", script)

    assert (outcome.exit_code, outcome.output) == (5, "")
    assert (tmp_path / "tree/file").exists()


async def test_the_process_sees_a_user_without_capabilities(tmp_path: Path) -> None:
    outcome = await boxed(tmp_path / "tree", "id -u; id -g; grep Cap /proc/self/status")

    assert outcome.output.split()[:2] == ["1000", "1000"]
    assert set(re.findall(r"Cap\w+:\s+(\w+)", outcome.output)) == {"0" * 16}
