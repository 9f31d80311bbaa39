"""What a run left on GitHub, each once, whatever died meanwhile."""

from tests.service.world import Json, World


async def everything_once(there: World, run: Json) -> None:
    """One branch, one pull request, one comment, each check run once, one reaction."""
    issue = run["issue"]
    branches = await there.repo("GET", "/branches?per_page=100")
    ours = [b["name"] for b in branches if b["name"].startswith(f"coppice/{issue}-")]
    assert ours == [f"coppice/{issue}-{run['id'][:6]}"]
    pulls = await there.repo("GET", "/pulls?state=all&per_page=100")
    assert [p["number"] for p in pulls if p["head"]["ref"] == ours[0]] == [run["pull_request"]]
    comments = await there.repo("GET", f"/issues/{issue}/comments")
    assert len([c for c in comments if c["user"]["type"] == "Bot"]) == 1
    head = next(p["head"]["sha"] for p in pulls if p["number"] == run["pull_request"])
    checks = (await there.repo("GET", f"/commits/{head}/check-runs?filter=all"))["check_runs"]
    assert sorted(c["name"] for c in checks) == ["Coppice", "Coppice / rules", "Coppice / verify"]
    assert {c["conclusion"] for c in checks} == {"success"}
    reactions = await there.repo("GET", f"/issues/{issue}/reactions")
    assert [r["content"] for r in reactions] == ["eyes"]
