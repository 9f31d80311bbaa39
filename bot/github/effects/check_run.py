"""Keep one check run on a commit."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from bot.github.effects.call import Call, Declaration
from bot.github.markdown import CHECK_LIMIT, fit
from bot.runs import Annotation, Applied, CheckRun

TITLE_LIMIT = 255
AT_ONCE = 50
"""Annotations in one request."""

DECLARATION = Declaration(
    does="a check run on a commit, with up to three buttons",
    found_by="the id in the ledger, else name and `external_id` (`run/stage-n/sha`) among the"
    " commit's check runs",
    ours_if="its `app.id` is the App's",
    writes="a new check run, or status, conclusion, texts and buttons where they differ; progress"
    " less than 15 s after the last edit is left out; annotations at lines, 50 at a time",
    refused={
        "invalid": "GitHub does not have the commit",
        "gone": "the repository is gone",
        "archived": "the repository is archived",
    },
)


def key(effect: CheckRun, owner: str) -> str:
    batch = f"/{effect.batch}" if effect.batch else ""
    return f"{effect.sha}/{effect.name}/{effect.external_id}{batch}"


async def apply(call: Call, effect: CheckRun) -> Applied:
    wanted = _wanted(effect)
    if effect.annotations:
        return await _annotated(call, effect, wanted)
    if call.known is not None and call.known.id is not None:
        return await _edit(call, call.known.id, wanted)
    found = await _listed(call, effect)
    if found is None:
        created = {"head_sha": effect.sha, "external_id": effect.external_id, **wanted}
        _, check_run = await call.pen.write("POST", f"{call.path}/check-runs", created)
        return _applied(check_run, wrote=True)
    if _same(found, wanted):
        return _applied(found, wrote=False)
    return await _edit(call, found["id"], wanted)


async def _annotated(call: Call, effect: CheckRun, wanted: Mapping[str, Any]) -> Applied:
    """GitHub adds annotations at each write, so they are counted before they are sent."""
    found = await _listed(call, effect)
    if found is None:
        created = {"head_sha": effect.sha, "external_id": effect.external_id, **wanted}
        _, check_run = await call.pen.write("POST", f"{call.path}/check-runs", created)
        return _applied(check_run, wrote=True)
    there = int((found.get("output") or {}).get("annotations_count") or 0)
    if there > effect.batch * AT_ONCE:
        return _applied(found, wrote=False)
    return await _edit(call, found["id"], wanted)


async def _edit(call: Call, number: int, wanted: Mapping[str, Any]) -> Applied:
    _, check_run = await call.pen.write("PATCH", f"{call.path}/check-runs/{number}", wanted)
    return _applied(check_run, wrote=True)


async def _listed(call: Call, effect: CheckRun) -> Mapping[str, Any] | None:
    query = f"check_name={quote(effect.name, safe='')}&filter=all&per_page=100"
    path = f"{call.path}/commits/{effect.sha}/check-runs?{query}"
    me = await call.me()
    async for check_run in call.client.getiter(path, iterable_key="check_runs"):
        ours = (check_run.get("app") or {}).get("id") == me.app_id
        if ours and check_run.get("external_id") == effect.external_id:
            found: Mapping[str, Any] = check_run
            return found
    return None


def _wanted(effect: CheckRun) -> dict[str, Any]:
    output: dict[str, Any] = {
        "title": effect.title[:TITLE_LIMIT],
        "summary": fit(effect.summary, CHECK_LIMIT),
    }
    if effect.text is not None:
        output["text"] = fit(effect.text, CHECK_LIMIT)
    if effect.annotations:
        output["annotations"] = [_annotation(each) for each in effect.annotations]
    wanted: dict[str, Any] = {
        "name": effect.name,
        "status": effect.status,
        "output": output,
        "actions": [button.model_dump() for button in effect.buttons],
    }
    if effect.status == "completed":
        # GitHub wants one with `completed` and takes none without it.
        wanted["conclusion"] = effect.conclusion or "neutral"
    return wanted


def _annotation(each: Annotation) -> dict[str, Any]:
    wanted = each.model_dump(exclude={"level"}, exclude_none=True)
    return {**wanted, "annotation_level": each.level}


def _same(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Compare what GitHub shows; buttons it does not show, but they went with the same write."""
    output, texts = found.get("output") or {}, wanted["output"]
    return (
        found["status"] == wanted["status"]
        and found.get("conclusion") == wanted.get("conclusion")
        and all(output.get(name) == text for name, text in texts.items())
    )


def _applied(check_run: Mapping[str, Any], *, wrote: bool) -> Applied:
    url = check_run.get("html_url") or check_run.get("details_url")
    return Applied(
        id=check_run["id"],
        url=url,
        sha=check_run["head_sha"],
        open=check_run["status"] != "completed",
        wrote=wrote,
    )
