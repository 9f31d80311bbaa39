"""Who belongs where: teams, members, code owners; and branches that are brought up to date."""

import base64

import pytest

from tests.forge.running import Forge

TEAM = "/orgs/acme/teams/gardeners"


async def test_an_app_reads_a_teams_members(forge: Forge) -> None:
    token = await forge.installation_token()

    team = await forge.get(TEAM, by=token)
    members = await forge.get(f"{TEAM}/members", by=token)
    inside = await forge.get(f"{TEAM}/memberships/{forge.login('triager')}", by=token)
    outside = await forge.get(f"{TEAM}/memberships/{forge.login('stranger')}", by=token)

    assert (team.body["slug"], team.body["members_count"]) == ("gardeners", 2)
    assert forge.login("triager") in [who["login"] for who in members.body]
    assert (inside.body["state"], outside.status) == ("active", 404)


async def test_membership_is_hidden_from_those_without_the_right(forge: Forge) -> None:
    weak = await forge.installation_token(permissions={"issues": "read"})
    path = f"{TEAM}/memberships/{forge.login('triager')}"

    answers = [await forge.get(path, by=by) for by in (weak, "stranger", "reader")]

    assert [answer.status for answer in answers] == [403, 404, 200]


async def test_a_team_changes_by_switch(forge: Forge) -> None:
    await forge.switch("team", slug="Water", members=[forge.login("stranger")])

    answer = await forge.get(
        f"/orgs/acme/teams/water/memberships/{forge.login('stranger')}", by="maintainer"
    )

    assert answer.status == 200


async def test_members_of_the_organisation_are_204(forge: Forge) -> None:
    token = await forge.installation_token()

    answers = [
        await forge.get(f"/orgs/acme/members/{forge.login(who)}", by=token)
        for who in ("reader", "stranger")
    ]

    assert [answer.status for answer in answers] == [204, 404]


async def owners(forge: Forge, text: str) -> None:
    content = base64.b64encode(text.encode()).decode()
    body = {"message": "Own", "content": content}
    await forge.put(f"{forge.repo}/contents/.github/CODEOWNERS", body, by="maintainer")


async def test_what_is_wrong_with_code_owners_is_named(forge: Forge) -> None:
    await owners(
        forge,
        f"# all\n* @{forge.login('maintainer')} @acme/gardeners\n"
        f"docs/ @{forge.login('reader')}\n!x @nobody\nsrc/ gardener # not this\n",
    )

    answer = await forge.get(f"{forge.repo}/codeowners/errors", by="maintainer")

    found = [(e["line"], e["kind"], e["column"]) for e in answer.body["errors"]]
    assert found == [(3, "Unknown owner", 7), (4, "Invalid pattern", 1), (5, "Invalid owner", 6)]


async def test_a_repository_without_code_owners_is_404(forge: Forge) -> None:
    assert (await forge.get(f"{forge.repo}/codeowners/errors", by="maintainer")).status == 404


async def test_a_branch_is_brought_up_to_date(forge: Forge) -> None:
    pull = await forge.pull("feature")
    await forge.commit("main", "news.txt", "x")
    path = f"{forge.repo}/pulls/{pull['number']}/update-branch"

    answer = await forge.put(path, {"expected_head_sha": pull["head"]["sha"]}, by="maintainer")
    late = await forge.put(path, {"expected_head_sha": pull["head"]["sha"]}, by="maintainer")

    event = await forge.event("pull_request.synchronize")
    after = event.payload["after"]
    parents = (await forge.get(f"{forge.repo}/git/commits/{after}")).body["parents"]
    assert (answer.status, late.status, len(parents)) == (202, 422, 2)


@pytest.mark.parametrize(("who", "status"), [("reader", 403), ("app", 403), ("maintainer", 422)])
async def test_a_branch_in_conflict_is_not_updated(forge: Forge, who: str, status: int) -> None:
    pull = await forge.pull("feature")
    await forge.commit("main", "feature.txt", "other\n")
    by = await forge.installation_token() if who == "app" else who

    answer = await forge.put(f"{forge.repo}/pulls/{pull['number']}/update-branch", {}, by=by)

    assert answer.status == status


async def test_collaborators_are_listed_for_those_who_write(forge: Forge) -> None:
    listed = await forge.get(f"{forge.repo}/collaborators", by=await forge.installation_token())
    refused = await forge.get(f"{forge.repo}/collaborators", by="reader")

    roles = {who["login"]: who["role_name"] for who in listed.body}
    assert roles[forge.login("triager")] == "triage"
    assert refused.status == 403
