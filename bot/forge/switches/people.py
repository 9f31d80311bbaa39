"""Who somebody is, and what they may do."""

from bot.forge.house import House
from bot.forge.records import Comment, Issue, Reaction, Review, ReviewComment, Role, Token, User
from bot.forge.switches.ask import Json, repository_of
from bot.forge.teams import set_team


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
