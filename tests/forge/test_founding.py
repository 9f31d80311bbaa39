"""One more repository beside the first, and faults that spare people."""

from tests.forge.running import Forge

FOUNDED = {
    "repository": "globex/shop",
    "files": {"README.md": "# Shop\n"},
    "maintainer": {"login": "mona", "token": "ghp_mona"},
}


async def test_a_founded_repository_has_files_a_maintainer_and_an_installation(
    forge: Forge,
) -> None:
    await forge.switch("found", **FOUNDED)

    there = (await forge.get("/repos/globex/shop/contents/README.md")).body
    found = (await forge.get("/repos/globex/shop/installation", by="app")).body
    access = (await forge.get("/repos/globex/shop/collaborators/mona/permission")).body
    assert (there["name"], access["permission"]) == ("README.md", "admin")
    assert found["account"]["login"] == "globex"
    assert found["id"] != forge.installation_id


async def test_the_first_commit_never_varies(forge: Forge) -> None:
    await forge.switch("found", **FOUNDED)
    await forge.switch("found", **{**FOUNDED, "repository": "globex/again"})

    shas = [
        (await forge.get(f"/repos/globex/{name}/git/ref/heads/main")).body["object"]["sha"]
        for name in ("shop", "again")
    ]

    assert shas[0] == shas[1]


async def test_a_fault_for_the_app_alone_spares_people(forge: Forge) -> None:
    await forge.fault("error", method="POST", path="*/comments", app=True)
    path, body = f"{forge.repo}/issues/1/comments", {"body": "x"}

    by_person = await forge.post(path, body, by="reader")
    by_app = await forge.post(path, body, by=await forge.installation_token())

    assert (by_person.status, by_app.status) == (201, 502)
