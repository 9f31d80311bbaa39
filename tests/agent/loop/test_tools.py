"""What the tools do, and what they tell the model."""

import asyncio
from pathlib import Path

import pytest

from bot.agent.runtime import Api, FinishReason, Role, ToolFinished
from bot.scripted_model import Step
from tests.agent.loop.bench import bench, plays
from tests.agent.loop.calls import Called, call

pytestmark = pytest.mark.slow


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "a.py").write_text("".join(f"line {n}\n" for n in range(1, 11)))
    return folder


async def test_read_numbers_lines_and_shows_ranges(tree: Path) -> None:
    whole = await call(tree, "read", path="a.py")
    some = await call(tree, "read", path="/tree/a.py", first=3, last=4)
    beyond = await call(tree, "read", path="a.py", first=11)

    assert whole.text.splitlines()[0] == " 1  line 1"
    assert len(whole.text.splitlines()) == 10
    assert some.text == "3  line 3\n4  line 4\n[lines 3 to 4 of 10]"
    assert beyond == Called(text="a.py has 10 lines", ok=False)


async def test_read_of_a_long_file_says_where_to_go_on(tree: Path) -> None:
    (tree / "long.py").write_text("y" * 99 + "\n" + "x" * 3000 + "\n" + ("z" * 99 + "\n") * 5000)

    told = await call(tree, "read", path="long.py")

    assert len(told.text) < 45_000
    assert "[… 1000 more characters]" in told.text
    assert told.text.splitlines()[-1].startswith("[lines 1 to 3")
    assert told.text.splitlines()[-1].endswith("of 5002]")


async def test_read_refuses_what_is_no_text(tree: Path) -> None:
    (tree / "b").write_bytes(b"\x7fELF\0\1")
    (tree / "empty").write_text("")

    assert "is no text" in (await call(tree, "read", path="b")).text
    assert (await call(tree, "read", path="empty")).text == "[the file is empty]"
    assert (await call(tree, "read", path="none")).text == "there is no none"


async def test_edit_replaces_words_that_are_there_once(tree: Path) -> None:
    done = await call(tree, "edit", path="a.py", old="line 7\n", new="seven\n")

    assert done == Called(text="a.py is changed at line 7", changed=("a.py",))
    assert (tree / "a.py").read_text().splitlines()[6] == "seven"


@pytest.mark.parametrize(
    ("old", "told"),
    [
        ("nine", "`old` is not in a.py; read the file"),
        ("line", "10 times, at lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10; give more"),
        ("  line 4\n    line 5", "with other spaces or indentation it is at line 4"),
    ],
)
async def test_edit_says_why_it_does_nothing(tree: Path, old: str, told: str) -> None:
    before = (tree / "a.py").read_bytes()

    result = await call(tree, "edit", path="a.py", old=old, new="x")

    assert not result.ok
    assert told in result.text
    assert (tree / "a.py").read_bytes() == before


async def test_edit_does_not_take_one_of_two_places_that_overlap(tree: Path) -> None:
    (tree / "a.txt").write_text("a\n\n\nb\n")

    result = await call(tree, "edit", path="a.txt", old="\n\n", new="\n")

    assert (result.ok, "2 times" in result.text) == (False, True)
    assert (tree / "a.txt").read_text() == "a\n\n\nb\n"


async def test_edit_of_a_large_file_holds_nobody_up(tree: Path) -> None:
    """Whoever counts the lines before each place again takes minutes here."""
    (tree / "big.txt").write_text("e \n" * 400_000)
    async with asyncio.timeout(150):
        often = await call(tree, "edit", path="big.txt", old="e", new="f")
        never = await call(tree, "edit", path="big.txt", old=" e\n" * 2000, new="f")

    assert "many times, at lines 1, 2, 3," in often.text
    assert not never.ok


@pytest.mark.parametrize("name", ["run", "search"])
async def test_a_command_that_cannot_be_is_refused_in_words(tree: Path, name: str) -> None:
    result = await call(
        tree, name, **{"run": {"command": "a\0"}, "search": {"pattern": "\0"}}[name]
    )

    assert (result.ok, "null byte" in result.text) == (False, True)


@pytest.mark.parametrize("api", [Api.CHAT, Api.GENERATE, Api.MESSAGES])
async def test_half_of_a_character_is_explained_and_the_work_goes_on(
    tmp_path: Path, api: Api
) -> None:
    """JSON can spell it, and some models do."""
    halves = (
        Step(call="write", arguments={"path": "a.txt", "text": "x\ud800"}),
        Step(say="half a \ud83d"),
        Step(call="run", arguments={"command": "echo \udc00"}),
    )
    async with bench(tmp_path, plays(*halves, Step(write="b.txt", text="whole")), api=api) as there:
        finished = await there.attempt()

        assert finished.reason == FinishReason.DONE, finished
        assert [each.ok for each in there.of(ToolFinished)] == [False, False, True]
        assert "no JSON object" in there.of(ToolFinished)[0].detail
        assert (there.tree / "b.txt").read_text() == "whole"


async def test_edit_keeps_line_ends_and_mode(tree: Path) -> None:
    (tree / "run.bat").write_bytes(b"one\r\ntwo\r\nthree\r\n")
    (tree / "run.bat").chmod(0o755)

    await call(tree, "edit", path="run.bat", old="one\ntwo", new="1\n2")

    assert (tree / "run.bat").read_bytes() == b"1\r\n2\r\nthree\r\n"
    assert (tree / "run.bat").stat().st_mode & 0o777 == 0o755


async def test_edit_refuses_what_it_would_garble(tree: Path) -> None:
    (tree / "latin").write_bytes("größer\n".encode("latin-1"))

    assert "not UTF-8" in (await call(tree, "edit", path="latin", old="er", new="x")).text


async def test_write_makes_folders_and_files(tree: Path) -> None:
    made = await call(tree, "write", path="new/deep/b.py", text="x\n")
    again = await call(tree, "write", path="new/deep/b.py", text="x\ny")

    assert made == Called(text="new/deep/b.py is made: 1 lines", changed=("new/deep/b.py",))
    assert again.text == "new/deep/b.py is written: 2 lines"
    assert (tree / "new/deep/b.py").read_text() == "x\ny"
    assert [each.name for each in (tree / "new/deep").iterdir()] == ["b.py"]


async def test_run_tells_head_tail_and_how_it_ended(tree: Path) -> None:
    failed = await call(tree, "run", command="echo out; echo err >&2; exit 3")
    long = await call(tree, "run", command="seq 1 100000")
    late = await call(tree, "run", command="sleep 30", seconds=1)

    assert failed == Called(text="out\nerr\n\n[exit code 3]", ok=False)
    assert long.ok
    assert len(long.text) < 20_000
    assert long.text.startswith("1\n2\n")
    assert "100000\n\n[exit code 0]" in long.text
    assert (late.ok, late.text) == (False, "[time limit of 1 s]")


async def test_search_and_list_look_from_the_root(tree: Path) -> None:
    (tree / "pkg/inner/deep").mkdir(parents=True)
    (tree / "pkg/b.py").write_text("needle = 1\n")
    (tree / ".git").mkdir(exist_ok=True)
    (tree / ".git/needle").write_text("needle\n")

    assert (await call(tree, "search", pattern="need.e")).text == "./pkg/b.py:1:needle = 1\n"
    assert (await call(tree, "search", pattern="^line 7$", path="a.py")).text == "./a.py:7:line 7\n"
    assert (await call(tree, "search", pattern="haystack")).text == "nothing matches"
    assert not (await call(tree, "search", pattern="(")).ok
    listed = (await call(tree, "list")).text.splitlines()
    assert listed == ["a.py", "pkg/", "pkg/b.py", "pkg/inner/"]
    assert (await call(tree, "list", path="pkg")).text.splitlines() == [
        "pkg/b.py",
        "pkg/inner/",
        "pkg/inner/deep/",
    ]


async def test_patch_is_applied_whole_or_not_at_all(tree: Path) -> None:
    good = "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n-line 1\n+one\n line 2\n"
    bad = good + "--- a/none.py\n+++ b/none.py\n@@ -1 +1 @@\n-x\n+y\n"

    refused = await call(tree, "patch", patch=bad)
    applied = await call(tree, "patch", patch=good.rstrip("\n"))

    assert not refused.ok
    assert "none.py: No such file" in refused.text
    assert applied == Called(text="the patch is applied", changed=("a.py",))
    assert (tree / "a.py").read_text().startswith("one\nline 2\n")


async def test_arguments_that_do_not_fit_are_explained(tree: Path) -> None:
    for given, told in (
        ({"path": "a.py", "first": 0}, "first: Input should be greater than or equal to 1"),
        ({"file": "a.py"}, "path: Field required"),
        ({"path": 7}, "path: Input should be a valid string"),
    ):
        result = await call(tree, "read", **given)
        assert (result.ok, told in result.text) == (False, True), result.text


async def test_roles_that_only_look_get_no_tools_that_write_and_a_box_that_refuses(
    tmp_path: Path,
) -> None:
    steps = (Step(shell="echo x > new; touch a.py"), Step(write="b.py", text="x"))
    async with bench(tmp_path, plays(*steps)) as there:
        (there.tree / "a.py").write_text("x")
        await there.attempt(role=Role.REVIEW)
        names = [tool["function"]["name"] for tool in there.model.calls[0].body["tools"]]

    assert names == ["read", "run", "search", "list", "finish"]
    assert [each.ok for each in there.of(ToolFinished)] == [False, False]
    assert "Read-only file system" in there.of(ToolFinished)[0].detail
    assert sorted(each.name for each in there.tree.iterdir()) == [".git", "a.py"]
