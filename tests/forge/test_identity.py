"""Who may do what: App JWTs, installation tokens, people (github.md, section e, 7-9, 26)."""

import pytest

from tests.forge.running import Forge


async def test_an_app_is_known_by_its_jwt(forge: Forge) -> None:
    answer = await forge.get("/app", by="app")

    assert answer.status == 200
    assert (answer.body["id"], answer.body["slug"]) == (forge.app_id, "coppice")
    assert "installation_target" in answer.body["events"]


async def test_the_client_id_is_an_issuer_too(forge: Forge) -> None:
    client_id = forge.running.installation.app.client_id

    assert (await forge.get("/app", by=forge.jwt(iss=client_id))).status == 200


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ({"expires": 660}, "'Expiration time' claim ('exp') is too far in the future"),
        ({"expires": -10}, "'Expiration time' claim ('exp') must be a numeric value"),
        ({"issued": 120}, "'Issued at' claim ('iat') must be an Integer"),
    ],
)
async def test_a_jwt_outside_of_its_ten_minutes_is_refused(
    forge: Forge, times: dict[str, int], message: str
) -> None:
    """7: at most ten minutes (GitHub's docs, generating a JSON web token)."""
    answer = await forge.get("/app", by=forge.jwt(**times))

    assert answer.status == 401
    assert answer.body["message"].startswith(message)


async def test_an_installation_is_found_by_its_account(forge: Forge) -> None:
    owner = forge.running.installation.account.login
    ana = forge.state.add_user("ana-alone")
    hers = forge.state.install(forge.running.installation.app, ana)

    found = await forge.get(f"/orgs/{owner}/installation", by="app")
    person = await forge.get("/users/Ana-Alone/installation", by="app")

    assert (found.status, found.body["id"]) == (200, forge.installation_id)
    assert (person.status, person.body["id"], person.body["target_type"]) == (200, hers.id, "User")
    token = await forge.installation_token()
    assert (await forge.get(f"/orgs/{owner}/installation", by=token)).status == 401
    for path in ("/orgs/nobody", "/orgs/ana-alone", "/users/nobody", f"/users/{owner}"):
        assert (await forge.get(f"{path}/installation", by="app")).status == 404


async def test_what_was_uninstalled_is_not_found_by_its_account(forge: Forge) -> None:
    await forge.switch("uninstall")

    owner = forge.running.installation.account.login

    assert (await forge.get(f"/orgs/{owner}/installation", by="app")).status == 404


async def test_a_jwt_of_another_key_is_refused(forge: Forge) -> None:
    head, claims, _ = forge.jwt().split(".")

    answer = await forge.get("/app", by=f"{head}.{claims}.c2lnbmF0dXJl")

    assert (answer.status, answer.body["message"]) == (
        401,
        "A JSON web token could not be decoded",
    )


async def test_an_installation_token_opens_no_app_endpoint(forge: Forge) -> None:
    token = await forge.installation_token()

    answer = await forge.get("/app", by=token)

    assert (answer.status, answer.body["message"]) == (
        401,
        "A JSON web token could not be decoded",
    )


async def test_an_unknown_token_is_bad_credentials(forge: Forge) -> None:
    answer = await forge.get(forge.repo, by="ghs_nobody")

    assert (answer.status, answer.body["message"]) == (401, "Bad credentials")


async def test_an_installation_token_lives_for_an_hour(forge: Forge) -> None:
    """7: one hour, whatever runs longer (devops-thiago/ThrillhouseBot#625)."""
    token = await forge.installation_token()
    await forge.advance(3590)
    assert (await forge.get(forge.repo, by=token)).status == 200

    await forge.advance(20)

    assert (await forge.get(forge.repo, by=token)).status == 401


async def test_a_fresh_token_may_answer_401_for_a_while(forge: Forge) -> None:
    """8: octokit/auth-app#65, #589."""
    await forge.switch("fresh_token_lag", seconds=5)
    token = await forge.installation_token()
    assert (await forge.get(forge.repo, by=token)).status == 401

    await forge.advance(6)

    assert (await forge.get(forge.repo, by=token)).status == 200


async def test_a_suspended_installation_gets_no_token(forge: Forge) -> None:
    """9: octokit.rb#1307, Mergify#1462, ossf/allstar#314."""
    token = await forge.installation_token()
    await forge.switch("suspend")

    path = f"/app/installations/{forge.installation_id}/access_tokens"
    answer = await forge.post(path, {}, by="app")

    assert (answer.status, answer.body["message"]) == (
        403,
        "This installation has been suspended",
    )
    assert (await forge.get(forge.repo, by=token)).status == 403
    await forge.event("installation.suspend")


async def test_an_uninstalled_app_gets_404_for_a_token(forge: Forge) -> None:
    """9."""
    token = await forge.installation_token()
    await forge.switch("uninstall")

    path = f"/app/installations/{forge.installation_id}/access_tokens"

    assert (await forge.post(path, {}, by="app")).status == 404
    assert (await forge.get(forge.repo, by=token)).status == 401
    await forge.event("installation.deleted")


async def test_a_token_does_only_what_it_was_asked_for(forge: Forge) -> None:
    token = await forge.installation_token(permissions={"issues": "read"})

    read = await forge.get(f"{forge.repo}/issues/1", by=token)
    write = await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by=token)

    assert read.status == 200
    assert (write.status, write.body["message"]) == (403, "Resource not accessible by integration")
    needed = write.headers["x-accepted-github-permissions"]
    assert needed == "issues=write; pull_requests=write"


async def test_a_token_cannot_have_more_than_the_installation(forge: Forge) -> None:
    path = f"/app/installations/{forge.installation_id}/access_tokens"

    answer = await forge.post(path, {"permissions": {"administration": "write"}}, by="app")

    assert answer.status == 422
    assert "not granted to this installation" in answer.body["message"]


async def test_a_permission_taken_from_the_installation_is_gone_from_its_tokens(
    forge: Forge,
) -> None:
    token = await forge.installation_token()
    await forge.switch("permissions", permissions={"issues": None, "pull_requests": None})

    answer = await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by=token)

    assert answer.status == 403


async def test_a_token_for_another_repository_writes_nothing_here(forge: Forge) -> None:
    other = forge.state.add_repository(forge.repository.owner, "other")
    token = await forge.installation_token(repository_ids=[other.id])

    answer = await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by=token)

    assert answer.status == 403


async def test_a_repository_taken_from_the_installation_is_out_of_reach(forge: Forge) -> None:
    token = await forge.installation_token()
    await forge.switch("uncover")

    listed = await forge.get("/installation/repositories", by=token)
    write = await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by=token)

    assert (listed.body["total_count"], write.status) == (0, 403)
    removed = (await forge.event("installation_repositories.removed")).payload
    assert removed["repositories_removed"][0]["full_name"] == forge.repository.full_name
    await forge.switch("cover")
    await forge.event("installation_repositories.added")
    write = await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by=token)
    assert write.status == 201


async def test_an_app_that_is_installed_again_has_another_installation(forge: Forge) -> None:
    await forge.switch("uninstall")
    await forge.switch("install")

    installed = (await forge.event("installation.created")).payload["installation"]

    assert installed["id"] != forge.installation_id
    path = f"/app/installations/{installed['id']}/access_tokens"
    assert (await forge.post(path, {}, by="app")).status == 201


async def test_pull_request_permission_is_none_for_issues(forge: Forge) -> None:
    pull = await forge.pull("feature")
    token = await forge.installation_token(permissions={"pull_requests": "write"})

    on_issue = await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by=token)
    path = f"{forge.repo}/issues/{pull['number']}/comments"
    on_pull = await forge.post(path, {"body": "x"}, by=token)

    assert (on_issue.status, on_pull.status) == (403, 201)


async def test_a_private_repository_is_404_for_strangers(forge: Forge) -> None:
    """26: no access is 404, not 403."""
    await forge.switch("private", on=True)

    for who in ("stranger", ""):
        assert (await forge.get(forge.repo, by=who)).status == 404
    assert (await forge.get(forge.repo, by="reader")).status == 200


async def test_people_write_as_their_role_lets_them(forge: Forge) -> None:
    path = f"{forge.repo}/issues/1/labels"

    answers = {
        who: (await forge.post(path, {"labels": ["bug"]}, by=who)).status
        for who in ("stranger", "reader", "triager", "maintainer")
    }

    assert answers == {"stranger": 403, "reader": 403, "triager": 200, "maintainer": 200}


async def test_nobody_writes_without_a_token(forge: Forge) -> None:
    answer = await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"})

    assert (answer.status, answer.body["message"]) == (401, "Requires authentication")


async def test_the_permission_of_a_collaborator_has_githubs_two_words(forge: Forge) -> None:
    path = f"{forge.repo}/collaborators/{forge.login('triager')}/permission"
    token = await forge.installation_token()

    answer = await forge.get(path, by=token)

    assert (answer.body["permission"], answer.body["role_name"]) == ("read", "triage")
