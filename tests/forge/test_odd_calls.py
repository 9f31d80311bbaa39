"""What clients other than ours send, and calls that nobody should: each has GitHub's own answer."""

import base64

import pytest

from tests.forge.running import Forge


async def test_labels_may_come_as_a_bare_list(forge: Forge) -> None:
    """PyGithub and go-github send the names without an object around them."""
    path = f"{forge.repo}/issues/1/labels"

    added = await forge.post(path, ["bug", "new"], by="maintainer")
    replaced = await forge.put(path, ["bug"], by="maintainer")
    emptied = await forge.put(path, [], by="maintainer")

    assert [sorted(label["name"] for label in answer.body) for answer in (added, replaced)] == [
        ["bug", "new"],
        ["bug"],
    ]
    assert (emptied.status, emptied.body) == (200, [])


async def test_a_token_without_named_permissions_has_all_of_them(forge: Forge) -> None:
    """PyGithub always sends `permissions`, empty where its user names none."""
    token = await forge.installation_token(permissions={})

    answer = await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by=token)

    assert answer.status == 201


async def test_protection_may_leave_options_null(forge: Forge) -> None:
    """PyGithub sends every option, null where its user names none."""
    protection: dict[str, object] = {
        "required_status_checks": None,
        "enforce_admins": True,
        "required_pull_request_reviews": {},
        "restrictions": None,
        "required_linear_history": None,
    }
    await forge.switch("role", login=forge.login("maintainer"), role="admin")

    path = f"{forge.repo}/branches/main/protection"
    answer = await forge.put(path, protection, by="maintainer")

    assert answer.status == 200


async def test_checks_that_a_merge_needs_are_told_to_whoever_reads(forge: Forge) -> None:
    checks = [{"context": "lint", "app_id": None}]
    protection = {
        "required_status_checks": {"strict": False, "contexts": ["unit"], "checks": checks},
        "enforce_admins": True,
        "required_pull_request_reviews": None,
        "restrictions": None,
    }
    await forge.switch("role", login=forge.login("maintainer"), role="admin")
    await forge.put(f"{forge.repo}/branches/main/protection", protection, by="maintainer")
    token = await forge.installation_token(permissions={"contents": "read"})

    branch = await forge.get(f"{forge.repo}/branches/main", by=token)
    rules = await forge.get(f"{forge.repo}/rules/branches/main", by=token)

    told = branch.body["protection"]["required_status_checks"]
    assert told["contexts"] == ["unit", "lint"]
    (rule,) = [r for r in rules.body if r["type"] == "required_status_checks"]
    named = [each["context"] for each in rule["parameters"]["required_status_checks"]]
    assert named == ["unit", "lint"]


@pytest.mark.parametrize("given", ["marta:{token}", "x-access-token:{token}", "{token}:"])
async def test_a_token_may_come_as_a_password(forge: Forge, given: str) -> None:
    """`curl -u LOGIN:TOKEN`."""
    pair = given.format(token=forge.token("maintainer")).encode()
    basic = f"Basic {base64.b64encode(pair).decode()}"

    answer = await forge.get("/user", Authorization=basic)

    assert answer.body["login"] == forge.login("maintainer")


async def test_a_bad_password_is_401(forge: Forge) -> None:
    for value in (base64.b64encode(b"marta:hunter2").decode(), "%%%", ""):
        answer = await forge.get("/user", Authorization=f"Basic {value}")

        assert answer.status == 401


async def test_head_is_a_get_without_its_body(forge: Forge) -> None:
    got = await forge.get(f"{forge.repo}/issues/1")

    answer = await forge.call("HEAD", f"{forge.repo}/issues/1")

    assert (answer.status, answer.body) == (200, "")
    assert answer.headers["ETag"] == got.headers["ETag"]
    assert (await forge.call("HEAD", f"{forge.repo}/issues/99")).status == 404


async def test_an_enterprise_servers_prefix_is_the_same_api(forge: Forge) -> None:
    answer = await forge.get(f"/api/v3{forge.repo}/issues/1")

    assert answer.body["number"] == 1


@pytest.mark.parametrize("path", ["/search/issues?q=x", "/meta", "/api/v3/gists"])
async def test_what_the_forge_does_not_offer_is_refused_as_rest_refuses(
    forge: Forge, path: str
) -> None:
    answer = await forge.get(path)

    assert (answer.status, answer.body["message"]) == (404, "Not Found")


@pytest.mark.parametrize(
    "path",
    [
        "/issues/%C2%B2",
        "/issues/" + "9" * 5000,
        "/pulls/1%20",
        "/check-runs/%D9%A1",
    ],
)
async def test_what_is_no_number_is_404(forge: Forge, path: str) -> None:
    token = await forge.installation_token()

    answer = await forge.get(forge.repo + path, by=token)

    assert answer.status == 404


@pytest.mark.parametrize("number", ["%C2%B2", "9" * 4400, "-1", "x"])
async def test_a_page_that_is_no_number_is_the_first(forge: Forge, number: str) -> None:
    listed = await forge.get(f"{forge.repo}/issues?page={number}")
    deliveries = await forge.get(f"/app/hook/deliveries?per_page={number}", by="app")

    assert [issue["number"] for issue in listed.body] == [3, 2, 1]
    assert deliveries.status == 200


async def test_a_cursor_that_is_no_number_is_refused(forge: Forge) -> None:
    for number in ("%C2%B2", "9" * 5000):
        answer = await forge.get(f"/app/hook/deliveries?cursor=v1_{number}", by="app")

        assert answer.status == 422


@pytest.mark.parametrize("issuer", ["\u00b2", "9" * 5000, "-1", "nobody"])
async def test_an_issuer_that_is_no_app_is_401(forge: Forge, issuer: str) -> None:
    answer = await forge.get("/app", by=forge.jwt(iss=issuer))

    assert answer.status == 401


@pytest.mark.parametrize(
    "body",
    [b"[" * 20_000, b'{"title": "\\ud800"}', b'{"title": NaN}', b"\xff", b'{"title": "x"'],
    ids=["deep", "half a surrogate", "not a number", "not UTF-8", "cut off"],
)
async def test_what_is_not_json_is_400(forge: Forge, body: bytes) -> None:
    token = {"Authorization": f"Bearer {forge.token('maintainer')}"}
    url = forge.api_url + forge.repo

    for address in (f"{url}/issues", f"{forge.api_url}/graphql"):
        async with forge.session.post(address, data=body, headers=token) as answer:
            assert answer.status == 400
            assert (await answer.json())["message"] == "Problems parsing JSON"
    assert (await forge.get(f"{forge.html_url}/{forge.repository.full_name}/issues")).status == 200


@pytest.mark.parametrize("title", ["", "  ", "x" * 257])
async def test_a_title_has_1_to_256_characters(forge: Forge, title: str) -> None:
    made = await forge.post(f"{forge.repo}/issues", {"title": title}, by="maintainer")
    changed = await forge.patch(f"{forge.repo}/issues/1", {"title": title}, by="maintainer")

    assert (made.status, changed.status) == (422, 422)
    assert forge.issue.title.strip()


async def test_a_hook_without_an_address_is_as_described(forge: Forge) -> None:
    """As after `coppice forge` without --webhook-url; the fixture looks for violations."""
    forge.running.installation.app.hook.url = ""

    answer = await forge.get("/app/hook/config", by="app")

    assert not answer.body.get("url")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "slow", "seconds": "x"},
        {"kind": "error", "status": "abc"},
        {"kind": "error", "status": 99},
        {"kind": "drop", "times": 0},
        {"kind": "drop", "after": -1},
        {"kind": "drop", "event": 5},
        {"kind": ["drop"]},
        {"kind": "drop", "bogus": 1},
    ],
)
async def test_a_fault_that_cannot_be_played_is_named(
    forge: Forge, fault: dict[str, object]
) -> None:
    answer = await forge.post("/_forge/faults", fault)

    assert answer.status == 400
    assert answer.body
    assert (await forge.get("/rate_limit")).status == 200
