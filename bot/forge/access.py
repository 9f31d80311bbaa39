"""What git may do for a bearer, and the rules that its pushes and REST's writes meet."""

from collections.abc import Mapping

from bot.forge.actors import Actor, actor_of, holds, in_scope, sees
from bot.forge.answers import Refusal
from bot.forge.git import Access, Change, PushRules, Update, judge
from bot.forge.house import House
from bot.forge.pushes import pushed
from bot.forge.records import Repository, Role
from bot.forge.shapes import repositories
from bot.forge.state import State


class GitHost:
    """The forge as the git room knows it."""

    def __init__(self, forge: House) -> None:
        self.forge = forge

    async def authorize(self, token: str | None, full_name: str, *, write: bool) -> Access:
        state = self.forge.state
        try:
            actor = actor_of(state, token) if token else Actor()
        except Refusal as refusal:
            return Access(status=refusal.status, message=str(refusal))
        repository = state.repository(full_name)
        if repository is None:
            repository = state.repositories.get(state.moved.get(full_name.lower(), 0))
        if (
            repository is None
            or not sees(state, actor, repository)
            or not _reads(actor, repository)
        ):
            return Access(status=404 if token else 401, message="Repository not found.")
        if write:
            status, message = self._may_push(actor, repository)
            if status != 200:
                return Access(status=status, message=message)
        return Access(
            path=repository.path,
            rules=rules_for(state, actor, repository),
            bearer=(actor, repository),
        )

    def _may_push(self, actor: Actor, repository: Repository) -> tuple[int, str]:
        if actor.user is None:
            return 401, ""
        if repository.archived:
            return 403, "This repository was archived so it is read-only."
        if actor.installation:
            allowed = in_scope(actor, repository) and holds(actor, "contents:write")
        else:
            allowed = self.forge.state.role(repository, actor.user).at_least(Role.WRITE)
        return (
            (200, "")
            if allowed
            else (
                403,
                f"Permission to {repository.full_name}.git denied to {actor.login}.",
            )
        )

    async def pushed(self, access: Access, changes: Mapping[str, Change]) -> None:
        actor, repository = access.bearer
        path = f"/{repository.full_name}.git/git-receive-pack"
        self.forge.state.record(actor.login, "POST", path, 200)
        await pushed(self.forge, repository, actor, changes)


def _reads(actor: Actor, repository: Repository) -> bool:
    """An App's token without `contents` sees no code of a private repository."""
    return not repository.private or actor.installation is None or holds(actor, "contents:read")


def rules_for(state: State, actor: Actor, repository: Repository) -> PushRules:
    return PushRules(
        protections=repository.protections,
        push_protection=repository.push_protection,
        workflows=actor.installation is None or holds(actor, "workflows:write"),
        html_url=repositories.page(state, repository),
    )


async def check_rules(state: State, actor: Actor, repository: Repository, update: Update) -> None:
    """Refuse a REST write that a push would be refused for."""
    refusals = await judge(repository.path, [update], rules_for(state, actor, repository))
    refusal = refusals.get(update.ref)
    if refusal is None:
        return
    if "workflow" in refusal.reason:
        raise Refusal(403, refusal.reason)
    text = "\n".join(line for line in refusal.lines[2:] if line)
    if "GH006" in "".join(refusal.lines):
        raise Refusal(422, text.removeprefix("- ") or "Reference cannot be updated")
    raise Refusal(409, f"Repository rule violations found\n\n{text}")
