"""Pull requests: list, open, read, change."""

from bot.forge import mergeability, tell, threads
from bot.forge.answers import Answer, Refusal, created, invalid, not_found, ok
from bot.forge.ci.follow import pull_moved
from bot.forge.git import (
    commits_between,
    compare,
    diff_text,
    patch_text,
    read_ref,
)
from bot.forge.pull_refs import fetch_objects, publish_ref
from bot.forge.records import Json, PullRequest, Repository, Role, User
from bot.forge.references import note_mentions
from bot.forge.rest.call import Call, Routes, check_length, check_title
from bot.forge.rest.issues import check_author, edit, ordered
from bot.forge.shapes import commits, people, pulls

routes = Routes()
READ, WRITE = "pull_requests:read", "pull_requests:write"


@routes.repository("GET /pulls", needs=READ)
async def list_pulls(call: Call) -> Answer:
    state, base = call.query.get("state", "open"), call.query.get("base")
    head = call.query.get("head", "").lower()
    found = [
        pull.issue
        for pull in call.repository.pulls
        if state in ("all", pull.issue.state)
        and base in (None, pull.base_ref)
        and head in ("", _label(pull).lower())
    ]
    sort = ordered(found, call.query)
    return call.page([i.pull for i in sort], lambda pull: pulls.simple(call.state, pull))


def _label(pull: PullRequest) -> str:
    owner = pull.head_repository.owner.login if pull.head_repository else "unknown"
    return f"{owner}:{pull.head_ref}"


@routes.repository("POST /pulls", needs=WRITE)
async def create_pull(call: Call) -> Answer:
    body = call.body
    check_length("PullRequest", body.get("body"))
    check_title("PullRequest", body.get("title") or "")
    pull = await _proposed(call)
    await publish_ref(pull)
    await tell.pull_changed(call.forge, call.actor, "opened", pull)
    note_mentions(call.forge, call.actor, pull.issue, pull.issue.body)
    pull_moved(call.forge, pull)
    return created(await tell.full_pull(call.forge, pull))


async def _proposed(call: Call) -> PullRequest:
    """Check both ends as GitHub does, and make the pull request when all is well."""
    repository, body = call.repository, call.body
    source, branch = _source(call, str(body["head"]))
    base = str(body["base"])
    base_sha = await read_ref(repository.path, f"refs/heads/{base}")
    if base_sha is None:
        raise invalid("PullRequest", "invalid", "base")
    head_sha = await read_ref(source.path, f"refs/heads/{branch}")
    if head_sha is None:
        raise invalid("PullRequest", "invalid", "head")
    await fetch_objects(repository, source, head_sha)
    if not await commits_between(repository.path, base_sha, head_sha):
        message = f"No commits between {base} and {branch}"
        raise invalid("PullRequest", "custom", message=message)
    _refuse_second(repository, source, branch, base)  # last: nothing waits from here on
    if body.get("draft") and not repository.drafts:
        raise Refusal(422, "Draft pull requests are not supported in this repository.")
    title, text = str(body["title"]), body.get("body")
    issue = call.state.add_issue(repository, call.user, title, text, app=call.app)
    issue.pull = PullRequest(
        id=call.state.new_id(),
        issue=issue,
        head_repository=source,
        head_ref=branch,
        head_sha=head_sha,
        base_ref=base,
        base_sha=base_sha,
        draft=bool(body.get("draft")),
        maintainer_can_modify=bool(body.get("maintainer_can_modify")) and source is not repository,
    )
    return issue.pull


def _source(call: Call, head: str) -> tuple[Repository, str]:
    """Where `branch` or `owner:branch` lies: here, or in that owner's fork."""
    repository = call.repository
    owner, colon, branch = head.partition(":")
    if not colon:
        return repository, head
    candidates = [repository, *call.state.repositories.values()]
    for candidate in candidates:
        related = candidate is repository or candidate.parent is repository
        if related and candidate.owner.login.lower() == owner.lower():
            return candidate, branch
    raise invalid("PullRequest", "invalid", "head")


def _refuse_second(repository: Repository, source: Repository, branch: str, base: str) -> None:
    for pull in repository.pulls:
        same = pull.head_repository is source and pull.head_ref == branch and pull.base_ref == base
        if same and pull.issue.state == "open":
            message = f"A pull request already exists for {source.owner.login}:{branch}."
            raise invalid("PullRequest", "custom", message=message)


@routes.repository("GET /pulls/{pull_number}", needs=READ)
async def get_pull(call: Call) -> Answer:
    pull = call.pull()
    path = call.repository.path
    if "diff" in call.accept:
        base = (await compare(path, pull.base_sha, pull.head_sha)).merge_base.sha
        return Answer(text=await diff_text(path, base, pull.head_sha), content_type=DIFF)
    if "patch" in call.accept:
        text = await patch_text(path, pull.base_sha, pull.head_sha)
        return Answer(text=text, content_type=PATCH)
    answer = await tell.full_pull(call.forge, pull)
    await mergeability.compute(pull)
    return ok(answer)


DIFF = "application/vnd.github.diff; charset=utf-8"
PATCH = "application/vnd.github.patch; charset=utf-8"


@routes.repository("PATCH /pulls/{pull_number}", needs=WRITE)
async def update_pull(call: Call) -> Answer:
    pull = call.pull()
    issue = pull.issue
    check_author(call, issue)
    check_title("PullRequest", call.body.get("title"))
    check_length("PullRequest", call.body.get("body"))
    await edit(call, issue)
    base = call.body.get("base")
    if base and base != pull.base_ref:
        await _retarget(call, pull, str(base))
    if call.body.get("state") == "closed" and issue.state == "open":
        await tell.close(call.forge, call.actor, issue)
    if call.body.get("state") == "open" and issue.state == "closed":
        await _reopen(call, pull)
    return ok(await tell.full_pull(call.forge, pull))


async def _retarget(call: Call, pull: PullRequest, base: str) -> None:
    sha = await read_ref(call.repository.path, f"refs/heads/{base}")
    if sha is None:
        raise invalid("PullRequest", "invalid", "base")
    changes: Json = {"base": {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}}
    pull.base_ref, pull.base_sha = base, sha
    await threads.follow(pull)
    await tell.pull_changed(call.forge, call.actor, "edited", pull, changes=changes)


async def _reopen(call: Call, pull: PullRequest) -> None:
    source = pull.head_repository
    sha = await read_ref(source.path, f"refs/heads/{pull.head_ref}") if source else None
    if pull.merged or sha is None:
        message = "state cannot be changed. The head branch was deleted or it was merged."
        raise invalid("PullRequest", "invalid", "state", message)
    pull.head_sha = sha
    await tell.reopen(call.forge, call.actor, pull.issue)


@routes.repository("GET /pulls/{pull_number}/files", needs=READ)
async def list_files(call: Call) -> Answer:
    pull = call.pull()
    difference = await compare(call.repository.path, pull.base_sha, pull.head_sha)
    return call.page(
        difference.files,
        lambda file: commits.file(call.state, call.repository, file, pull.head_sha),
    )


@routes.repository("GET /pulls/{pull_number}/commits", needs=READ)
async def list_commits(call: Call) -> Answer:
    pull = call.pull()
    found = await commits_between(call.repository.path, pull.base_sha, pull.head_sha)
    return call.page(found, lambda one: commits.commit(call.state, call.repository, one))


@routes.repository("GET /pulls/{pull_number}/requested_reviewers", needs=READ)
async def list_reviewers(call: Call) -> Answer:
    asked = call.pull().requested_reviewers
    return ok({"users": [people.user(call.state, who) for who in asked], "teams": []})


@routes.repository("POST /pulls/{pull_number}/requested_reviewers", needs=WRITE, role=Role.TRIAGE)
async def request_reviewers(call: Call) -> Answer:
    pull = call.pull()
    for who in _reviewers(call, pull):
        if who not in pull.requested_reviewers:
            pull.requested_reviewers.append(who)
            await _tell_reviewer(call, "review_requested", pull, who)
    return created(pulls.simple(call.state, pull))


@routes.repository("DELETE /pulls/{pull_number}/requested_reviewers", needs=WRITE, role=Role.TRIAGE)
async def remove_reviewers(call: Call) -> Answer:
    pull = call.pull()
    for who in _reviewers(call, pull):
        if who in pull.requested_reviewers:
            pull.requested_reviewers.remove(who)
            await _tell_reviewer(call, "review_request_removed", pull, who)
    return ok(pulls.simple(call.state, pull))


def _reviewers(call: Call, pull: PullRequest) -> list[User]:
    found = []
    for login in call.body.get("reviewers", []):
        who = call.state.user(str(login))
        if who is pull.issue.user:
            raise Refusal(422, "Review cannot be requested from pull request author.")
        if who is None or not (who is call.repository.owner or who.id in call.repository.roles):
            raise Refusal(
                422,
                "Reviews may only be requested from collaborators. One or more of the users or "
                "teams you specified is not a collaborator of the "
                f"{call.repository.full_name} repository.",
            )
        found.append(who)
    return found


async def _tell_reviewer(call: Call, action: str, pull: PullRequest, who: User) -> None:
    tell.note(call.forge, call.actor, pull.issue, action, user=who)
    shape = people.user(call.state, who)
    await tell.pull_changed(call.forge, call.actor, action, pull, requested_reviewer=shape)


@routes.repository("GET /pulls/{pull_number}/merge", needs="contents:read")
async def is_merged(call: Call) -> Answer:
    if not call.pull().merged:
        raise not_found()
    return Answer(status=204)
