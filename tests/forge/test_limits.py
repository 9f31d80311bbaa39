"""Rate limits, conditional requests, pages (github.md, section e, 21-23)."""

from tests.forge.running import Forge


async def test_every_answer_says_what_is_left(forge: Forge) -> None:
    """21."""
    token = await forge.installation_token()
    answer = await forge.get(forge.repo, by=token)

    left = int(answer.headers["X-RateLimit-Remaining"])
    again = await forge.get(forge.repo, by=token)

    assert answer.headers["X-RateLimit-Limit"] == "5000"
    assert int(again.headers["X-RateLimit-Remaining"]) == left - 1


async def test_the_primary_limit_is_403_with_nothing_left(forge: Forge) -> None:
    """21."""
    await forge.switch("limits", hourly=2)
    token = await forge.installation_token()

    answers = [await forge.get(forge.repo, by=token) for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 403]
    assert answers[-1].headers["X-RateLimit-Remaining"] == "0"
    assert "Retry-After" not in answers[-1].headers
    await forge.advance(3500)
    assert (await forge.get(forge.repo, by=token)).status == 403


async def test_the_81st_comment_of_a_minute_is_refused(forge: Forge) -> None:
    """21: octokit/plugin-throttling#667; the primary limit has plenty left."""
    path = f"{forge.repo}/issues/1/comments"
    answers = [await forge.post(path, {"body": "x"}, by="reader") for _ in range(81)]

    last = answers[-1]
    assert [answer.status for answer in answers[:-1]] == [201] * 80
    assert last.status == 403
    assert "secondary rate limit" in last.body["message"]
    assert 0 < int(last.headers["Retry-After"]) <= 60
    assert int(last.headers["X-RateLimit-Remaining"]) > 4000


async def test_the_501st_comment_of_an_hour_is_refused(forge: Forge) -> None:
    """21."""
    await forge.switch("limits", content_hour=3)
    path = f"{forge.repo}/issues/1/comments"
    answers = []
    for _ in range(4):
        answers.append(await forge.post(path, {"body": "x"}, by="reader"))
        await forge.advance(61)

    assert [answer.status for answer in answers] == [201, 201, 201, 403]


async def test_what_is_unchanged_is_304_and_free(forge: Forge) -> None:
    """22: prow's ghcache."""
    token = await forge.installation_token()
    first = await forge.get(f"{forge.repo}/issues/1", by=token)
    tag = first.headers["ETag"]
    assert tag.startswith("W/")

    same = await forge.get(f"{forge.repo}/issues/1", by=token, **{"If-None-Match": tag})

    assert (same.status, same.body) == (304, "")
    assert same.headers["X-RateLimit-Remaining"] == first.headers["X-RateLimit-Remaining"]
    await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by="reader")
    changed = await forge.get(f"{forge.repo}/issues/1", by=token, **{"If-None-Match": tag})
    assert changed.status == 200


async def test_pages_go_by_link_with_the_repositorys_id(forge: Forge) -> None:
    """23: octokit/fixtures, paginate-issues: `/repositories/ID/…`."""
    for n in range(3):
        await forge.post(f"{forge.repo}/issues/1/comments", {"body": str(n)}, by="reader")
    seen, links = [], []
    url = f"{forge.repo}/issues/1/comments?per_page=2"
    while url:
        page = await forge.get(url)
        seen += [comment["body"] for comment in page.body]
        links.append(page.headers.get("Link", ""))
        parts = [part for part in links[-1].split(", ") if 'rel="next"' in part]
        url = parts[0].partition(">")[0].lstrip("<") if parts else ""

    assert seen == ["0", "1", "2"]
    assert f"/repositories/{forge.repository.id}/issues/1/comments?per_page=2&page=2" in links[0]
    assert 'rel="last"' in links[0]
    assert 'rel="prev"' in links[1]


async def test_a_page_has_30_items_and_100_at_most(forge: Forge) -> None:
    for n in range(120):
        forge.state.add_comment(forge.issue, forge.state.people["reader"], str(n))
    path = f"{forge.repo}/issues/1/comments"

    sizes = [len((await forge.get(path + query)).body) for query in ("", "?per_page=500")]

    assert sizes == [30, 100]


async def test_the_rate_limit_can_be_asked_for_free(forge: Forge) -> None:
    token = await forge.installation_token()

    used = [(await forge.get("/rate_limit", by=token)).body["rate"]["used"] for _ in range(2)]

    assert used == [0, 0]


async def test_the_clock_goes_forward_and_limits_with_it(forge: Forge) -> None:
    await forge.switch("limits", content_hour=1)
    path, body = f"{forge.repo}/issues/1/comments", {"body": "x"}
    await forge.post(path, body, by="reader")
    refused = await forge.post(path, body, by="reader")

    clock = await forge.post("/_forge/clock", {"advance": 3600})

    assert refused.status == 403
    assert clock.body["ahead"] == 3600
    assert (await forge.post(path, body, by="reader")).status == 201


async def test_an_app_outside_of_the_forges_time_still_signs_in(forge: Forge) -> None:
    token = await forge.installation_token()
    await forge.advance(7200)

    fresh = await forge.installation_token()

    assert (await forge.get("/installation/repositories", by=token)).status == 401
    assert (await forge.get("/installation/repositories", by=fresh)).status == 200


async def test_the_clock_never_goes_back(forge: Forge) -> None:
    assert (await forge.post("/_forge/clock", {"advance": -1})).status == 400
