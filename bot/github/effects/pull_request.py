"""Open our pull request for a branch, or keep its title and our part of its body."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from bot.errors import EffectDelayed, EffectRefused
from bot.github import reads
from bot.github.answers import Refusal
from bot.github.app import Me
from bot.github.effects.call import Call, Declaration, our_branch
from bot.github.markdown import COMMENT_LIMIT, fit
from bot.runs import Applied, PullRequest

NO_DRAFTS = "Draft pull requests are not supported in this repository, so this is an ordinary one."
TITLE_LIMIT = 256
HEAD_LAG = 3.0  # seconds until GitHub's API has surely seen a push

DECLARATION = Declaration(
    does="the draft pull request of a branch",
    found_by="the number in the ledger, else the head branch among the repository's pull requests",
    ours_if="`head.repo` is `base.repo` and its author is the App's bot user",
    writes="a new draft (an ordinary one where drafts are not supported), or the title, where it is"
    " ours still, and the part of the body between our markers",
    refused={
        "pull_request_closed": "ours was closed or merged; a second one is never opened",
        "pull_request_taken": "somebody else opened one for the branch",
        "no_commits": "the branch holds nothing that the base does not",
        "base_gone": "the base branch is gone",
        "branch_gone": "the head branch is gone",
        "archived": "the repository is archived",
        "gone": "the repository is gone",
        "invalid": "the branch is not Coppice's own",
    },
    heals=True,
)


def key(effect: PullRequest, owner: str) -> str:
    return effect.head


async def apply(call: Call, effect: PullRequest) -> Applied:
    our_branch(effect.head)
    found = await _find(call, effect)
    if found is None:
        return await _open(call, effect)
    if found["state"] != "open":
        how = "merged" if found.get("merged_at") else "closed"
        reason = (
            f"Pull request #{found['number']} of this branch was {how}; `/coppice run` starts anew."
        )
        raise EffectRefused("pull_request_closed", reason)
    return await _edit(call, effect, found)


async def _find(call: Call, effect: PullRequest) -> Mapping[str, Any] | None:
    """Our pull request of this head: an open one first, then the newest."""
    if call.known is not None and call.known.number is not None:
        known: Mapping[str, Any] = await call.client.getitem(
            f"{call.path}/pulls/{call.known.number}"
        )
        return known
    facts = await reads.repository(call.client, call.repository)
    if facts is None:
        raise EffectRefused("gone", "The repository is gone, or the App has no access to it.")
    owner = facts.full_name.partition("/")[0]
    query = f"state=all&per_page=100&head={quote(f'{owner}:{effect.head}', safe='')}"
    me = await call.me()
    found = [
        item
        async for item in call.client.getiter(f"{call.path}/pulls?{query}")
        if _ours(me, effect, item)
    ]
    found.sort(key=lambda item: (item["state"] == "open", item["number"]), reverse=True)
    return found[0] if found else None


def _ours(me: Me, effect: PullRequest, item: Mapping[str, Any]) -> bool:
    """A fork may have a branch of the same name, and anybody may open one for ours."""
    head_repo = (item["head"].get("repo") or {}).get("id")
    author = (item.get("user") or {}).get("id")
    return (
        item["head"]["ref"] == effect.head
        and head_repo == item["base"]["repo"]["id"]
        and author == me.user_id
    )


async def _open(call: Call, effect: PullRequest) -> Applied:
    wanted = {
        "title": effect.title[:TITLE_LIMIT],
        "head": effect.head,
        "base": effect.base,
        "body": _part(call, effect, _frame(call, effect)),
        "draft": effect.draft,
    }
    try:
        return await _post(call, wanted)
    except Refusal as refusal:
        if effect.draft and refusal.says("draft pull requests are not supported"):
            applied = await _post(call, {**wanted, "draft": False})
            return applied.model_copy(update={"note": NO_DRAFTS})
        if refusal.says("a pull request already exists"):
            return await _existing(call, effect, refusal)
        raise await _named(call, effect, refusal) from refusal


async def _post(call: Call, wanted: Mapping[str, Any]) -> Applied:
    _, item = await call.pen.write("POST", f"{call.path}/pulls", wanted)
    return _applied(item, wrote=True)


async def _existing(call: Call, effect: PullRequest, refusal: Refusal) -> Applied:
    """Take up the pull request that GitHub says is there, if it is ours."""
    found = await _find(call, effect)
    if found is None:
        reason = f"Somebody else opened a pull request for `{effect.head}` ({refusal.reason})."
        raise EffectRefused("pull_request_taken", reason) from refusal
    return await _edit(call, effect, found)


async def _named(
    call: Call, effect: PullRequest, refusal: Refusal
) -> EffectRefused | EffectDelayed:
    if refusal.says("no commits between"):
        reason = f"`{effect.head}` holds no commit that `{effect.base}` does not."
        return EffectRefused("no_commits", reason)
    if refusal.says("base invalid") or refusal.says("'base'"):
        return EffectRefused("base_gone", f"The base branch `{effect.base}` is gone.")
    if refusal.says("head invalid") or refusal.says("'head'"):
        if await reads.branch_head(call.client, call.repository, effect.head):
            return EffectDelayed("GitHub has not seen the push yet", HEAD_LAG)
        return EffectRefused("branch_gone", f"The branch `{effect.head}` was deleted.")
    return refusal


async def _edit(call: Call, effect: PullRequest, found: Mapping[str, Any]) -> Applied:
    body = (found.get("body") or "").replace("\r\n", "\n")
    wanted = {"title": _title(effect, found["title"]), "body": _part(call, effect, body)}
    if found["title"] == wanted["title"] and body == wanted["body"]:
        return _applied(found, wrote=False)
    _, item = await call.pen.write("PATCH", f"{call.path}/pulls/{found['number']}", wanted)
    return _applied(item, wrote=True)


def _title(effect: PullRequest, there: str) -> str:
    """A title that a person wrote stays."""
    ours = {title[:TITLE_LIMIT].strip() for title in (effect.title, *effect.replaces)}
    return effect.title[:TITLE_LIMIT] if there.strip() in ours else there


def _frame(call: Call, effect: PullRequest) -> str:
    """The repository's template, with our part where it belongs."""
    parts = (effect.above, call.markers.wrap("", call.owner), effect.below)
    return "\n\n".join(part for part in parts if part)


def _part(call: Call, effect: PullRequest, whole: str) -> str:
    """Our part within the whole body, cut so that the people's part always fits."""
    frame = call.markers.replace(whole, call.markers.wrap("", call.owner), call.owner)
    room = max(1000, COMMENT_LIMIT - len(frame) - 2)
    part = call.markers.wrap(fit(effect.body, room), call.owner)
    return call.markers.replace(whole, part, call.owner)


def _applied(item: Mapping[str, Any], *, wrote: bool) -> Applied:
    return Applied(
        id=item["id"],
        number=item["number"],
        url=item["html_url"],
        sha=item["head"]["sha"],
        draft=item.get("draft"),
        wrote=wrote,
    )
