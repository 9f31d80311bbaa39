"""What tests and demos can switch about the world, where GitHub has no operation for it or needs
an administrator: `POST /_forge/switch` {switch, …}.

- `fresh_token_lag` {seconds}: a new installation token answers 401 for so long
- `expire_tokens`: all installation tokens are over now
- `replace_key`: the App has a new private key, which lies in its file; the old one is void
- `limits` {hourly, content_minute, content_hour}
- `suspend`, `unsuspend`, `uninstall`, `install`: the App's installation
- `cover`, `uncover`: the installation gets or loses a repository
- `permissions` {permissions}: what the installation grants (null takes one away)
- `rename` {name}, `transfer` {owner}, `delete`, `archive`, `unarchive`: a repository
- `protect` {branch, pushes, force_pushes, signatures, sign_off}, `unprotect` {branch}
- `drafts` {on}, `push_protection` {on}, `private` {on}
- `transfer_issue` {number, to}, `delete_issue` {number}: GitHub has no REST operation for them
- `ghost` {login}: the account is deleted, what it wrote stays
- `mergeable_unknown` {number, reads}: so many more reads answer `mergeable: null`
- `ci` {script: [[job, …], …] | null, kind, workflow}: a CI that plays by itself at each commit of a
  pull request, the first list for its first commit, …; jobs as in `POST /_forge/ci`
- `role` {login, role}: what somebody may do in a repository (`none`, `read`, `triage`, `write`,
  `maintain`, `admin`); with {token, type} an account is made first, `type: Bot` a bot's
- `team` {slug, members}: a team of the repository's owner has these members (logins), made if new
- `press` {check_run, identifier, user}: press a check run's button
- `found` {repository, files, maintainer: {login, token}}: one more repository; a new owner has an
  installation of its own

Those about a repository take `repository` (full name; the first one by default).
"""

from collections.abc import Awaitable, Callable
from typing import Any

from bot.forge import installations, tell
from bot.forge.actors import Actor
from bot.forge.ci.script import script_of
from bot.forge.founding import found
from bot.forge.house import House
from bot.forge.records import (
    Comment,
    Installation,
    Issue,
    Protection,
    Reaction,
    Repository,
    Review,
    ReviewComment,
    Role,
    Token,
    User,
)
from bot.forge.rest.checks import press
from bot.forge.shapes import issues, people, repositories
from bot.forge.teams import set_team
from bot.forge.world import replace_key

Json = dict[str, Any]
Switch = Callable[[House, Json], Awaitable[None]]


def repository_of(forge: House, body: Json) -> Repository:
    if "repository" not in body:
        return next(iter(forge.state.repositories.values()))
    found = forge.state.repository(str(body["repository"]))
    if found is None:
        raise KeyError(body["repository"])
    return found


def _issue(forge: House, body: Json) -> Issue:
    return repository_of(forge, body).issues[int(body["number"])]


def _installation(forge: House) -> Installation:
    return list(forge.state.installations.values())[-1]


async def fresh_token_lag(forge: House, body: Json) -> None:
    forge.state.fresh_token_seconds = float(body["seconds"])


async def expire_tokens(forge: House, body: Json) -> None:
    for token in forge.state.tokens.values():
        if token.installation:
            token.expires_at = forge.state.clock()


async def replace_app_key(forge: House, body: Json) -> None:
    replace_key(forge.state)


async def limits(forge: House, body: Json) -> None:
    for name in ("hourly", "content_minute", "content_hour"):
        if name in body:
            setattr(forge.limits, name, int(body[name]))


async def suspend(forge: House, body: Json) -> None:
    it = _installation(forge)
    installations.suspend(forge, it, it.account)


async def unsuspend(forge: House, body: Json) -> None:
    it = _installation(forge)
    installations.unsuspend(forge, it, it.account)


async def uninstall(forge: House, body: Json) -> None:
    it = _installation(forge)
    installations.uninstall(forge, it, it.account)


async def install(forge: House, body: Json) -> None:
    before = _installation(forge)
    installations.install(forge, before.app, before.account)


def _cover(*, covered: bool) -> Switch:
    async def set_covered(forge: House, body: Json) -> None:
        it, repository = _installation(forge), repository_of(forge, body)
        installations.set_repository(forge, it, repository, it.account, covered=covered)

    return set_covered


async def permissions(forge: House, body: Json) -> None:
    granted = _installation(forge).permissions
    for name, level in body["permissions"].items():
        if level is None:
            granted.pop(name, None)
        else:
            granted[name] = str(level)


async def rename(forge: House, body: Json) -> None:
    repository = repository_of(forge, body)
    before = repository.name
    forge.state.rename_repository(repository, repository.owner, str(body["name"]))
    changes = {"repository": {"name": {"from": before}}}
    _tell(forge, repository, "renamed", changes=changes)


async def transfer(forge: House, body: Json) -> None:
    """Where the new owner has no installation, the App learns only that a repository is gone."""
    repository, before = repository_of(forge, body), repository_of(forge, body).owner
    owner = forge.state.user(str(body["owner"])) or forge.state.add_user(str(body["owner"]))
    forge.state.rename_repository(repository, owner, repository.name)
    kind = "organization" if before.type == "Organization" else "user"
    changes = {"owner": {"from": {kind: people.user(forge.state, before)}}}
    _tell(forge, repository, "transferred", changes=changes)


async def delete(forge: House, body: Json) -> None:
    repository = repository_of(forge, body)
    _tell(forge, repository, "deleted")
    forge.state.forget_repository(repository)


async def archive(forge: House, body: Json) -> None:
    repository = repository_of(forge, body)
    repository.archived = True
    _tell(forge, repository, "archived")


async def unarchive(forge: House, body: Json) -> None:
    repository = repository_of(forge, body)
    repository.archived = False
    _tell(forge, repository, "unarchived")


def _tell(forge: House, repository: Repository, action: str, **more: Any) -> None:
    forge.events.emit(f"repository.{action}", repository, repository.owner, more)


async def protect(forge: House, body: Json) -> None:
    wanted = {
        name: bool(body[name])
        for name in ("pushes", "force_pushes", "signatures", "sign_off")
        if name in body
    }
    repository_of(forge, body).protections[str(body.get("branch", "*"))] = Protection(**wanted)


async def unprotect(forge: House, body: Json) -> None:
    repository_of(forge, body).protections.pop(str(body.get("branch", "*")), None)


def _flag(name: str) -> Switch:
    async def set_flag(forge: House, body: Json) -> None:
        setattr(repository_of(forge, body), name, bool(body["on"]))

    return set_flag


async def transfer_issue(forge: House, body: Json) -> None:
    issue = _issue(forge, body)
    target = forge.state.repository(str(body["to"]))
    if target is None:
        raise KeyError(body["to"])
    before = issues.issue(forge.state, issue)
    moved = forge.state.add_issue(target, issue.user, issue.title, issue.body, app=issue.app)
    moved.comments, issue.comments = issue.comments, []
    for comment in moved.comments:
        comment.issue = moved
    source = _take_out(issue, moved)
    changes = {
        "new_issue": issues.issue(forge.state, moved),
        "new_repository": repositories.repository(forge.state, target),
    }
    sender = source.owner
    forge.events.emit("issues.transferred", source, sender, {"issue": before, "changes": changes})


async def delete_issue(forge: House, body: Json) -> None:
    issue = _issue(forge, body)
    actor = Actor(user=issue.repository.owner)
    _take_out(issue, None)
    await tell.issue_changed(forge, actor, "deleted", issue)


def _take_out(issue: Issue, moved: Issue | None) -> Repository:
    repository = issue.repository
    del repository.issues[issue.number]
    repository.gone[issue.number] = moved
    return repository


async def ghost(forge: House, body: Json) -> None:
    who = forge.state.users.pop(str(body["login"]).lower())
    for token in [t for t in forge.state.tokens.values() if t.user is who]:
        del forge.state.tokens[token.value]
    for repository in forge.state.repositories.values():
        repository.roles.pop(who.id, None)
        for issue in repository.issues.values():
            _orphan(who, issue, *issue.comments, *issue.reactions)
            if issue.pull:
                _orphan(who, *issue.pull.reviews, *issue.pull.review_comments)


def _orphan(who: User, *written: Issue | Comment | Reaction | Review | ReviewComment) -> None:
    for one in written:
        if one.user is who:
            one.user = None


async def mergeable_unknown(forge: House, body: Json) -> None:
    pull = _issue(forge, body).pull
    if pull is None:
        raise KeyError("pull request")
    pull.unknown_reads = int(body["reads"])


async def press_button(forge: House, body: Json) -> None:
    wanted, user = int(body["check_run"]), forge.state.user(str(body["user"]))
    runs = [run for r in forge.state.repositories.values() for run in r.check_runs]
    found = next((run for run in runs if run.id == wanted), None)
    if found is None or user is None:
        raise KeyError("check run or user")
    press(forge, found, str(body["identifier"]), user)


async def ci(forge: House, body: Json) -> None:
    repository_of(forge, body).ci = script_of(body)


async def role(forge: House, body: Json) -> None:
    login = str(body["login"])
    who = forge.state.user(login)
    if who is None:
        who = forge.state.add_user(login, type=str(body.get("type", "User")))
        forge.state.keep(Token(value=str(body["token"]), user=who))
    repository_of(forge, body).roles[who.id] = Role(body["role"])


async def team(forge: House, body: Json) -> None:
    owner = repository_of(forge, body).owner
    members = [forge.state.users[str(login).lower()] for login in body["members"]]
    set_team(forge.state, owner, str(body["slug"]), members)


SWITCHES: dict[str, Switch] = {
    "fresh_token_lag": fresh_token_lag,
    "expire_tokens": expire_tokens,
    "replace_key": replace_app_key,
    "limits": limits,
    "suspend": suspend,
    "unsuspend": unsuspend,
    "uninstall": uninstall,
    "install": install,
    "cover": _cover(covered=True),
    "uncover": _cover(covered=False),
    "permissions": permissions,
    "rename": rename,
    "transfer": transfer,
    "delete": delete,
    "archive": archive,
    "unarchive": unarchive,
    "protect": protect,
    "unprotect": unprotect,
    "drafts": _flag("drafts"),
    "push_protection": _flag("push_protection"),
    "private": _flag("private"),
    "transfer_issue": transfer_issue,
    "delete_issue": delete_issue,
    "ghost": ghost,
    "mergeable_unknown": mergeable_unknown,
    "press": press_button,
    "ci": ci,
    "role": role,
    "team": team,
    "found": found,
}
