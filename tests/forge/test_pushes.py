"""Pushes by git and by REST: one history, one set of rules (github.md, section e, 5, 25)."""

import base64
from pathlib import Path

import pytest

from tests.forge.running import Forge


@pytest.fixture
async def clone(forge: Forge, tmp_path: Path) -> Path:
    where = tmp_path / "clone"
    code, said = await forge.git("clone", "-q", forge.clone_url, str(where), cwd=tmp_path)
    assert code == 0, said
    return where


async def commit(forge: Forge, clone: Path, path: str, text: str, message: str = "m") -> str:
    (clone / path).parent.mkdir(parents=True, exist_ok=True)
    (clone / path).write_text(text)
    await forge.git("add", "-A", cwd=clone)
    await forge.git("commit", "-q", "-m", message, cwd=clone)
    return (await forge.git("rev-parse", "HEAD", cwd=clone))[1].strip()


async def test_a_push_tells_of_itself(forge: Forge, clone: Path) -> None:
    sha = await commit(forge, clone, "new.txt", "x\n", "Add new")
    await forge.git("push", "-q", "origin", "HEAD:refs/heads/feature", cwd=clone)

    push = (await forge.event("push")).payload

    assert (push["ref"], push["after"], push["created"]) == ("refs/heads/feature", sha, True)
    assert [(c["message"], c["added"]) for c in push["commits"]] == [("Add new", ["new.txt"])]
    assert push["pusher"]["name"] == forge.login("maintainer")
    assert "check_suite.requested" in await forge.settled()


async def test_a_push_moves_its_pull_request(forge: Forge, clone: Path) -> None:
    pull = await forge.pull("feature")
    await forge.git("fetch", "-q", cwd=clone)
    await forge.git("checkout", "-q", "feature", cwd=clone)
    sha = await commit(forge, clone, "more.txt", "x\n")
    await forge.git("push", "-q", "origin", "feature", cwd=clone)

    moved = (await forge.event("pull_request.synchronize")).payload

    assert (moved["before"], moved["after"]) == (pull["head"]["sha"], sha)
    read = await forge.get(f"{forge.repo}/pulls/{pull['number']}")
    assert (read.body["head"]["sha"], read.body["commits"]) == (sha, 2)


async def test_a_pull_request_without_its_branch_is_closed(forge: Forge) -> None:
    pull = await forge.pull("feature")
    await forge.delete(f"{forge.repo}/git/refs/heads/feature", by="maintainer")

    await forge.event("pull_request.closed")

    deleted = [one.payload for one in forge.events("push") if one.payload["deleted"]]
    assert [one["ref"] for one in deleted] == ["refs/heads/feature"]
    read = await forge.get(f"{forge.repo}/pulls/{pull['number']}")
    assert (read.body["state"], read.body["merged"]) == ("closed", False)


async def test_a_forced_push_says_so(forge: Forge, clone: Path) -> None:
    await commit(forge, clone, "a.txt", "1\n")
    await forge.git("push", "-q", "origin", "HEAD:feature", cwd=clone)
    await forge.git("commit", "-q", "--amend", "-m", "other", cwd=clone)
    await forge.git("push", "-q", "-f", "origin", "HEAD:feature", cwd=clone)

    assert (await forge.event("push", n=2)).payload["forced"] is True


async def test_a_pull_request_is_fetched_by_its_number(forge: Forge, clone: Path) -> None:
    pull = await forge.pull("feature")
    ref = f"refs/pull/{pull['number']}/head"

    _, said = await forge.git("ls-remote", "origin", ref, cwd=clone)

    assert said.split() == [pull["head"]["sha"], ref]


async def test_the_apps_push_is_its_own_event(forge: Forge, clone: Path) -> None:
    """1."""
    token = await forge.installation_token()
    await commit(forge, clone, "new.txt", "x\n")
    url = forge.clone_url
    await forge.git("push", "-q", url, "HEAD:refs/heads/coppice/1", cwd=clone, by=token)

    push = (await forge.event("push")).payload

    assert push["sender"]["login"] == "coppice[bot]"


@pytest.mark.parametrize(("who", "code"), [("reader", 128), ("stranger", 128), ("maintainer", 0)])
async def test_only_writers_push(forge: Forge, clone: Path, who: str, code: int) -> None:
    await commit(forge, clone, "new.txt", "x\n")

    pushed, said = await forge.git("push", "-q", "origin", "HEAD:feature", cwd=clone, by=who)

    assert pushed == code, said


async def test_a_token_without_contents_does_not_push(forge: Forge, clone: Path) -> None:
    token = await forge.installation_token(permissions={"issues": "write"})
    await commit(forge, clone, "new.txt", "x\n")

    code, said = await forge.git("push", "-q", "origin", "HEAD:feature", cwd=clone, by=token)

    assert (code, "403" in said) == (128, True)


async def test_a_protected_branch_takes_no_push(forge: Forge, clone: Path) -> None:
    """25: GH006."""
    await forge.switch("protect", branch="main", pushes=True)
    await commit(forge, clone, "new.txt", "x\n")

    code, said = await forge.git("push", "-q", "origin", "HEAD:main", cwd=clone)
    content = {"message": "m", "content": "eA==", "branch": "main"}
    rest = await forge.put(f"{forge.repo}/contents/x.txt", content, by="maintainer")

    assert (code, "GH006" in said) == (1, True)
    assert rest.status == 422
    assert "pull request" in rest.body["message"]


async def test_an_app_writes_no_workflows(forge: Forge, clone: Path) -> None:
    """25: repo-sync/github-sync#23; for the contents API too."""
    token = await forge.installation_token()
    path = ".github/workflows/ci.yml"
    await commit(forge, clone, path, "on: push\n")

    code, said = await forge.git("push", "-q", "origin", "HEAD:feature", cwd=clone, by=token)
    await forge.branch("other")
    content = base64.b64encode(b"on: push\n").decode()
    body = {"message": "m", "content": content, "branch": "other"}
    rest = await forge.put(f"{forge.repo}/contents/{path}", body, by=token)

    refusal = "refusing to allow a GitHub App to create or update workflow"
    assert (code, refusal in said) == (1, True)
    assert (rest.status, refusal in rest.body["message"]) == (403, True)


async def test_a_secret_is_held_back(forge: Forge, clone: Path) -> None:
    """GH013, push protection."""
    await commit(forge, clone, "key.txt", "ghp_" + "a1B2" * 9 + "\n")

    code, said = await forge.git("push", "-q", "origin", "HEAD:feature", cwd=clone)

    assert (code, "GH013" in said, "PUSH PROTECTION" in said) == (1, True, True)
    await forge.switch("push_protection", on=False)
    assert (await forge.git("push", "-q", "origin", "HEAD:feature", cwd=clone))[0] == 0


async def test_rules_of_a_branch_can_be_asked_for(forge: Forge) -> None:
    await forge.switch("protect", signatures=True, sign_off=True)
    token = await forge.installation_token()

    rules = await forge.get(f"{forge.repo}/rules/branches/coppice/7-4f9a1c", by=token)

    assert [rule["type"] for rule in rules.body] == [
        "deletion",
        "non_fast_forward",
        "required_signatures",
        "commit_message_pattern",
    ]


async def test_an_archived_repository_takes_no_push(forge: Forge, clone: Path) -> None:
    await forge.switch("archive")
    await commit(forge, clone, "new.txt", "x\n")

    assert (await forge.git("push", "-q", "origin", "HEAD:feature", cwd=clone))[0] == 128


async def test_rest_and_git_write_one_history(forge: Forge, clone: Path) -> None:
    token = await forge.installation_token()
    tree = [{"path": "q.txt", "mode": "100644", "type": "blob", "content": "hello\n"}]
    main = (await forge.get(f"{forge.repo}/git/ref/heads/main")).body["object"]["sha"]
    body = {"tree": tree, "base_tree": main}
    made = (await forge.post(f"{forge.repo}/git/trees", body, by=token)).body
    body = {"message": "m", "tree": made["sha"], "parents": [main]}
    commit = (await forge.post(f"{forge.repo}/git/commits", body, by=token)).body
    ref = {"ref": "refs/heads/q", "sha": commit["sha"]}
    await forge.post(f"{forge.repo}/git/refs", ref, by=token)

    await forge.git("fetch", "-q", "origin", "q", cwd=clone)
    _, text = await forge.git("show", f"{commit['sha']}:q.txt", cwd=clone)

    assert text == "hello\n"
    again = await forge.post(f"{forge.repo}/git/refs", ref, by=token)
    assert (again.status, again.body["message"]) == (422, "Reference already exists")


async def test_a_ref_moves_backwards_only_by_force(forge: Forge) -> None:
    await forge.branch("feature")
    main = (await forge.get(f"{forge.repo}/git/ref/heads/main")).body["object"]["sha"]
    path = f"{forge.repo}/git/refs/heads/feature"

    plain = await forge.patch(path, {"sha": main}, by="maintainer")
    forced = await forge.patch(path, {"sha": main, "force": True}, by="maintainer")

    assert (plain.status, plain.body["message"]) == (422, "Update is not a fast forward")
    assert forced.status == 200
