"""`/coppice fix` on pull requests of people: on top of what they pushed, or beside it."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.service.proposals import LINES, commit, forked, proposed, remarks
from tests.service.world import Json, World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

CONFIG = "verify: {test: 'test ! -e broken'}\nlimits: {open_pull_requests: 100, attempts: 2}\n"


@pytest.fixture(scope="module")
def rules() -> str:
    return CONFIG


async def fails(town: World, number: int) -> None:
    """A check of its own fails on its head: one that fails on the base too is not mended."""
    job = {"name": f"unit-{number}", "conclusion": "failure", "log": "E   AssertionError: 1 != 2\n"}
    await town.call("POST", f"{town.control}/ci", {"pull_request": number, "runs": [job]})


async def head(town: World, number: int) -> str:
    return str((await town.repo("GET", f"/pulls/{number}"))["head"]["sha"])


async def asked(town: World, number: int, words: str = "", **more: str) -> Json:
    """Ask for it, and wait for the end of the run."""
    before = [row["id"] for row in await town.runs()]
    await town.comment(number, f"/coppice fix {words}".strip(), **more)
    await town.until(lambda rows: any(row["id"] not in before for row in rows))
    return await town.ended(number)


async def test_a_failing_check_is_mended_on_top_of_what_people_pushed(town: World) -> None:
    number = await proposed(town, "red", {"docs/red.txt": LINES})
    before = await head(town, number)
    await fails(town, number)
    town.script(number, [{"write": "docs/red.txt", "text": f"mended\n{LINES}"}])

    run = await asked(town, number, "checks")

    assert (run["status"], run["error"]) == ("done", None)
    after = await head(town, number)
    compared = await town.repo("GET", f"/compare/{before}...{after}")
    assert (compared["status"], compared["ahead_by"]) == ("ahead", 1)
    made = compared["commits"][0]["commit"]
    assert made["message"].startswith(f"Mend unit-{number}\n\n[skip ci]\n")
    (said,) = await town.said(number)
    assert said.startswith(
        f"**Mended: the check `unit-{number}`.** Pushed as {after[:7]}, on top of "
    )
    assert "| passes | passes |" in said
    assert "`/coppice ci` runs it." in said

    again = await town.comment(number, "/coppice ci")

    await town.reacted(again, "rocket")
    with_ci = await town.head_after(number, after)
    last = await town.repo("GET", f"/commits/{with_ci}")
    assert last["commit"]["message"].startswith("Run CI for Coppice run ")
    assert [parent["sha"] for parent in last["parents"]] == [after]
    await town.comment_that(number, lambda body: f"CI runs on {with_ci[:7]}." in body)
    (said,) = await town.said(number)
    assert "CI was left out" not in said
    assert said.startswith(f"**Mended: the check `unit-{number}`.** Pushed as {after[:7]}, on top ")
    assert "+mended" in await town.output("patch", run["id"])

    once_more = await town.comment(number, "/coppice ci")

    await town.reacted(once_more, "rocket")
    await town.ended(number)
    assert await head(town, number) == with_ci


async def test_a_conflict_is_merged_and_judged(town: World) -> None:
    await town.write_file("docs/both.txt", "one\n")
    number = await proposed(town, "conflict", {"docs/both.txt": "theirs\n"})
    before = await head(town, number)
    await town.write_file("docs/both.txt", "ours\n")
    town.script(number, [{"write": "docs/both.txt", "text": "theirs and ours\n"}])

    run = await asked(town, number, "conflicts")

    assert (run["status"], run["error"]) == ("done", None)
    after = await head(town, number)
    last = await town.repo("GET", f"/commits/{after}")
    assert before in [parent["sha"] for parent in last["parents"]]
    assert len(last["parents"]) == 2
    assert last["commit"]["message"].startswith("Merge main\n\nConflicts in docs/both.txt\n")
    (said,) = await town.said(number)
    assert "the conflict with `main` in `docs/both.txt`" in said


async def test_a_failing_check_and_a_conflict_are_mended_in_one_push(town: World) -> None:
    await town.write_file("docs/two.txt", "one\n")
    number = await proposed(town, "two", {"docs/two.txt": "theirs\n"})
    before = await head(town, number)
    await fails(town, number)
    await town.write_file("docs/two.txt", "ours\n")
    town.script(number, [{"write": "docs/two.txt", "text": "theirs and ours\n"}])

    run = await asked(town, number)

    assert (run["status"], run["error"]) == ("done", None)
    (said,) = await town.said(number)
    what = f"the check `unit-{number}`, the conflict with `main` in `docs/two.txt`"
    assert said.startswith(f"**Mended: {what}.** Pushed as ")
    compared = await town.repo("GET", f"/compare/{before}...{await head(town, number)}")
    last = compared["commits"][-1]
    assert before in [parent["sha"] for parent in last["parents"]]
    assert (await town.repo("GET", f"/pulls/{number}"))["mergeable"] is not False


async def test_a_conflict_of_a_fork_is_a_patch_of_the_merge(town: World) -> None:
    await town.write_file("docs/forks.txt", "one\n")
    await town.write_file("docs/it's gone.txt", "one\n")
    number, where = await forked(town, "fork-conflict", {"docs/forks.txt": "theirs\n"})
    gone = "docs/it's gone.txt"
    before = await commit(town, "fork-conflict", gone, None, where=where, who="stranger")
    await town.write_file("docs/forks.txt", "ours\n")
    await town.write_file("docs/it's gone.txt", "changed\n")
    await town.write_file("docs/aside.txt", "Only on main.\n")
    kept = {"write": gone, "text": "kept\n"}
    town.script(number, [{"write": "docs/forks.txt", "text": "theirs and ours\n"}, kept])

    run = await asked(town, number, "conflicts")

    assert (run["status"], run["error"]) == ("done", None)
    assert await head(town, number) == before
    assert await remarks(town, number) == []
    (said,) = await town.said(number)
    assert "Nothing was pushed; this is the patch." in said
    assert "+theirs and ours" in said
    assert "Only on main" not in said
    printed = await town.output("patch", run["id"])
    assert printed.strip() == block(said, "diff").strip()
    tree = applied(town, where, "fork-conflict", printed, block(said, "sh"))
    assert (tree / "docs/forks.txt").read_text() == "theirs and ours\n"
    assert (tree / gone).read_text() == "kept\n"
    assert (tree / "docs/aside.txt").read_text() == "Only on main.\n"


def block(said: str, kind: str) -> str:
    """The one block of code of its kind in a comment."""
    return said.partition(f"```{kind}\n")[2].partition("\n```")[0]


def applied(town: World, where: str, branch: str, patch: str, commands: str) -> Path:
    """Do what a comment says in a clone of the fork; answer its tree, where nothing is left."""
    home = town.folder / branch
    home.mkdir()
    who = {
        f"GIT_{role}_{key}": "a@b" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")
    }
    told = {"PATH": os.environ["PATH"], "HOME": str(home), **who}
    url = town.forge.ready["html_url"].replace(
        "://", f"://x-access-token:{town.forge.ready['users']['stranger']['token']}@"
    )

    def sh(script: str, cwd: Path) -> str:
        done = subprocess.run(
            ["bash", "-c", script], cwd=cwd, env=told, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done
        return done.stdout

    sh(f"git clone -q -b {branch} {url}/{where}.git clone", home)
    clone = home / "clone"
    sh(f"git remote add upstream {url}/{town.repository}.git", clone)
    (clone / "mend.patch").write_text(patch)
    sh(commands, clone)
    assert sh("git status --porcelain", clone) == "?? mend.patch\n"
    assert len(sh("git show -s --format=%P", clone).split()) == 2
    return clone


async def test_a_conflict_that_is_left_is_not_pushed(town: World) -> None:
    await town.write_file("docs/left.txt", "one\n")
    number = await proposed(town, "left", {"docs/left.txt": "theirs\n"})
    before = await head(town, number)
    await town.write_file("docs/left.txt", "ours\n")
    town.script(number, [{"write": "docs/other.txt", "text": "Looked away.\n"}])

    run = await asked(town, number)

    assert (run["status"], run["error"]["class"]) == ("blocked", "conflicts")
    assert await head(town, number) == before


async def test_nothing_to_mend_is_said_and_costs_nothing(town: World) -> None:
    number = await proposed(town, "green", {"docs/green.txt": LINES})

    run = await asked(town, number)

    assert run["status"] == "done"
    (said,) = await town.said(number)
    assert said.startswith("Nothing to mend: no check fails on ")
    assert run["stages"] == []


async def test_a_fork_gets_the_patch_and_never_a_push(town: World) -> None:
    number, where = await forked(town, "fork-red", {"docs/forked.txt": LINES})
    before = await head(town, number)
    await fails(town, number)
    more = {"write": "docs/more.txt", "text": "More.\n"}
    town.script(number, [more])

    run = await asked(town, number)

    assert (run["status"], run["error"]) == ("done", None)
    assert await head(town, number) == before
    (said,) = await town.said(number)
    assert "Nothing was pushed; this is the patch." in said
    assert "+More." in said
    assert "docs/forked.txt" not in said
    assert f"`coppice patch {run['id'][:6]}` prints it" in said
    assert "+More." in await town.output("patch", run["id"])
    assert where != town.repository


async def test_a_fork_gets_suggestions_where_lines_of_its_own_change(town: World) -> None:
    number, _ = await forked(town, "fork-lines", {"docs/lines.txt": LINES})
    await fails(town, number)
    mended = LINES.replace("line 7 of", "line seven of")
    town.script(number, [{"write": "docs/lines.txt", "text": mended}])

    run = await asked(town, number, "checks")

    assert (run["status"], run["error"]) == ("done", None)
    (remark,) = await remarks(town, number)
    assert (remark["path"], remark["line"]) == ("docs/lines.txt", 7)
    assert "```suggestion\nline seven of the file\n```" in remark["body"]
    (said,) = await town.said(number)
    assert "See the [suggestions](" in said


async def test_a_test_is_not_changed_to_get_green_unless_somebody_says_so(town: World) -> None:
    files = {"tests/test_it.py": "assert 1 == 2\n", ".gitlab-ci.yml": "test: [pytest]\n"}
    number = await proposed(town, "tests", {**files})
    before = await head(town, number)
    await fails(town, number)
    town.script(number, [{"write": "tests/test_it.py", "text": "assert True\n"}])

    run = await asked(town, number, "checks")

    assert (run["status"], run["error"]["class"]) == ("blocked", "rules:tests")
    assert "`/coppice fix tests=allow` would let it" in run["error"]["message"]
    assert await head(town, number) == before

    allowed = await asked(town, number, "checks tests=allow")

    assert (allowed["status"], allowed["error"]) == ("done", None)
    assert await head(town, number) != before


async def test_a_protected_branch_is_refused_before_anything_is_spent(town: World) -> None:
    number = await proposed(town, "release/1", {"docs/release.txt": LINES})
    await town.switch("protect", branch="release/1", force_pushes=True)
    before = await head(town, number)
    await fails(town, number)
    town.script(number, [{"write": "docs/release.txt", "text": "mended\n"}])

    run = await asked(town, number)

    assert (run["status"], run["error"]["class"]) == ("blocked", "protected_branch")
    assert run["stages"] == []
    assert await head(town, number) == before


async def test_the_default_branch_is_never_pushed_to(town: World) -> None:
    from tests.service.proposals import branch

    await branch(town, "stable")
    await commit(town, "main", "docs/default.txt", LINES)
    wanted = {"title": "Bring it back", "body": "", "head": "main", "base": "stable"}
    number = int((await town.repo("POST", "/pulls", wanted))["number"])
    before = await head(town, number)
    await fails(town, number)
    town.script(number, [{"write": "docs/default.txt", "text": "mended\n"}])

    run = await asked(town, number)

    assert (run["status"], run["error"]["class"]) == ("blocked", "default_branch")
    assert await head(town, number) == before


async def test_ours_goes_on_top_of_what_somebody_pushes_meanwhile(town: World) -> None:
    number = await proposed(town, "meanwhile", {"docs/meanwhile.txt": LINES})
    await fails(town, number)
    town.script(number, [{"write": "docs/mended.txt", "text": "Mended.\n"}, {"hang": 3}])
    await town.comment(number, "/coppice fix")
    await town.at(number, "implement")

    theirs = await commit(town, "meanwhile", "docs/theirs.txt", "Theirs.\n")

    run = await town.ended(number)
    assert (run["status"], run["error"]) == ("done", None)
    after = await head(town, number)
    last = await town.repo("GET", f"/commits/{after}")
    assert [parent["sha"] for parent in last["parents"]] == [theirs]
    names = [file["filename"] for file in await town.repo("GET", f"/pulls/{number}/files")]
    assert names == ["docs/meanwhile.txt", "docs/mended.txt", "docs/theirs.txt"]


async def test_commits_that_are_replaced_meanwhile_are_left_alone(town: World) -> None:
    number = await proposed(town, "rewritten", {"docs/rewritten.txt": LINES})
    await fails(town, number)
    town.script(number, [{"write": "docs/mended.txt", "text": "Mended.\n"}, {"hang": 3}])
    await town.comment(number, "/coppice fix")
    await town.at(number, "implement")

    main = await town.repo("GET", "/git/ref/heads/main")
    moved = {"sha": main["object"]["sha"], "force": True}
    await town.repo("PATCH", "/git/refs/heads/rewritten", moved)
    theirs = await commit(town, "rewritten", "docs/rewritten.txt", "Another.\n")

    run = await town.ended(number)
    assert (run["status"], run["error"]["class"]) == ("blocked", "replaced")
    assert await head(town, number) == theirs


async def test_work_that_the_commands_judge_against_is_not_pushed(town: World) -> None:
    number = await proposed(town, "worse", {"docs/worse.txt": LINES})
    before = await head(town, number)
    await fails(town, number)
    town.script(number, [{"write": "broken", "text": "x"}])

    run = await asked(town, number)

    assert run["status"] == "failed"
    assert await head(town, number) == before
    (notice,) = await town.notices(number)
    assert "`/coppice retry` mends once more" in notice


async def test_who_may_not_write_mends_nothing(town: World) -> None:
    number = await proposed(town, "reader", {"docs/reader.txt": LINES})
    await fails(town, number)

    await town.comment(number, "/coppice fix", who="reader")

    row = await town.settled("issue_comment.created", number)
    assert "needs write access" in row["reason"]
    assert all(each["issue"] != number for each in await town.runs())


async def test_where_only_patches_are_wanted_nothing_is_pushed(town: World) -> None:
    number = await proposed(town, "careful", {"docs/careful.txt": LINES})
    before = await head(town, number)
    await fails(town, number)
    town.script(number, [{"write": "docs/more.txt", "text": "More.\n"}])
    await town.write_file(".github/coppice.yml", f"{CONFIG}publish: patch\n")

    run = await asked(town, number)

    await town.write_file(".github/coppice.yml", CONFIG)
    assert (run["status"], run["error"]) == ("done", None)
    assert await head(town, number) == before
    assert not [name for name in await town.checks(before) if name.startswith("Coppice")]
    (said,) = await town.said(number)
    assert "Nothing was pushed; this is the patch." in said


async def test_a_kill_in_the_middle_leaves_one_commit(town: World) -> None:
    number = await proposed(town, "killed", {"docs/killed.txt": LINES})
    before = await head(town, number)
    await fails(town, number)
    town.script(number, [{"write": "docs/mended.txt", "text": "Mended.\n"}, {"hang": 2}])
    await town.comment(number, "/coppice fix")
    await town.at(number, "implement")

    await town.kill()
    await town.serve()

    run = await town.ended(number)
    assert (run["status"], run["error"]) == ("done", None)
    compared = await town.repo("GET", f"/compare/{before}...{await head(town, number)}")
    assert (compared["status"], compared["ahead_by"]) == ("ahead", 1)
    assert len(await town.said(number)) == 1
