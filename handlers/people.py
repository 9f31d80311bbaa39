"""Who may steer: one place that decides it, and denies by default."""

import asyncio
from dataclasses import dataclass

from bot.errors import EffectRefused, UserError
from bot.github.texts import answers
from bot.pipeline.configuration import RepositoryConfig
from bot.runs import Commanded, Comment, Decision, Effect, Permission, React, RepositoryRef
from handlers.context import Context
from handlers.payloads import User
from handlers.refusals import KNOWN

Rules = RepositoryConfig | UserError
TEAM = "team:"
_LESS = (Permission.NONE, Permission.READ)


def machine(sender: User, context: Context) -> str | None:
    """Say that a program did it, or None; told by number and type, as names can be imitated.

    Bots that the operator lists by number steer by their permission, as people do.
    """
    if sender.id == context.me.user_id:
        return "sender is this app"
    if sender.type == "Bot" and sender.id not in context.bots:
        return f"sender {sender.login} is a bot"
    return None


async def permission(context: Context, repository: RepositoryRef, sender: User) -> Permission:
    """Ask what somebody may do at this moment; who lacked write access is not asked for again
    within the minute.
    """
    held = context.refusals.recall(repository.id, sender.id)
    if held is None:
        held = await context.github.permission(repository, sender.person)
        if not held.may_write:
            context.refusals.remember(repository.id, sender.id, held)
    return held


async def may_start(
    context: Context, repository: RepositoryRef, sender: User, held: Permission, rules: Rules
) -> bool:
    """Tell whether somebody may start runs: who may write always, others as `start` says."""
    if held.may_write:
        return True
    allowed = [] if isinstance(rules, UserError) else rules.start
    if held is Permission.TRIAGE and "triage" in allowed:
        # what was remembered of somebody refuses; it lets nobody start
        return await context.github.permission(repository, sender.person) not in _LESS
    if held is Permission.NONE:
        return False  # the name may be somebody else's by now, and teams are asked by name
    for name in allowed:
        team = name.removeprefix(TEAM)
        if team == name:
            continue
        member = await context.github.in_team(repository, team, sender.login)
        context.refusals.unread[repository.id] = member is None
        if member:
            return True
    return False


async def colleague(
    context: Context, repository: RepositoryRef, sender: User, held: Permission, rules: Rules | None
) -> bool:
    """Tell whether a reader who may not start runs belongs to the house all the same.

    Asked only where `start` names teams: a repository without any has readers and strangers.
    """
    if held is not Permission.READ or not _teams(rules):
        return False
    known = context.refusals.colleague(repository.id, sender.id)
    if known is None:
        known = await context.github.in_organization(repository, sender.login)
        context.refusals.remember_colleague(repository.id, sender.id, is_one=known)
    return known


async def rights_and_rules(
    context: Context, repository: RepositoryRef, sender: User
) -> tuple[Permission, Rules]:
    """Ask for a person's permission and the repository's configuration at once."""
    # GitHub takes longer over a file than over a person, so the file is asked for first
    asked = asyncio.ensure_future(rules_of(context, repository))
    # uvloop sends between its turns: this request leaves before the next one is made
    await asyncio.sleep(0)
    rules, held = await asyncio.gather(
        asked, permission(context, repository, sender), return_exceptions=True
    )
    if isinstance(held, BaseException):
        raise held
    if isinstance(rules, BaseException) and not isinstance(rules, UserError):
        raise rules
    return held, rules


async def rules_of(context: Context, repository: RepositoryRef) -> Rules:
    """Read the configuration, or return what is wrong with it, or with what the App may."""
    try:
        return await context.github.configuration(repository)
    except UserError as error:
        return error
    except EffectRefused as refused:
        if refused.kind != "no_access":
            raise
        return UserError(refused.reason)


def verb_of(asked: str) -> str:
    """Cut a command down to its verb: the words after it are the person's own."""
    return " ".join(asked.split()[:2]) if asked.startswith("/") else asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Somebody asked for what needs write access."""

    asked: str
    sender: User
    held: Permission
    repository: RepositoryRef
    issue: int
    comment_id: int | None = None
    """The comment with the command; None for a label."""
    on_lines: bool = False
    """That comment stands at lines of a pull request."""
    url: str | None = None
    starts: bool = True
    """What was asked for is a run: whoever may can start it by a tick."""
    rules: Rules | None = None
    """The repository's configuration, where it says who may start."""
    needs: str = "write"
    """The access that it takes."""
    key: str | None = None
    """Of the command, for the audit log."""
    colleague: bool = False
    """A reader who belongs to the house."""

    def decision(self, context: Context) -> Decision:
        """Answer: triage and colleagues get one comment for each issue, readers a reaction an
        hour, others nothing.
        """
        at, lines = self.comment_id, self.on_lines
        confused = React(issue=self.issue, comment_id=at, on_lines=lines, content="confused")
        effects: tuple[Effect, ...] = ()
        reason = f"{self.asked} needs {self.needs} access; {self.sender.login} has {self.held}"
        heard = self.held is not Permission.NONE
        known = self.held is Permission.TRIAGE or self.held.may_write or self.colleague
        most = KNOWN if known else 1
        if heard and context.refusals.may_react(self.repository.id, self.sender.id, most):
            effects = (confused,)
        if known:
            purpose = f"refusal-{self.sender.id}"
            said = Comment(issue=self.issue, purpose=purpose, body=self._text(context), once=True)
            effects += (said,)
        # a reader's flood is written down once an hour, as it is answered
        commands = (self._commanded(reason),) if effects and self.key else ()
        return Decision(effects=effects, commands=commands, reason=reason)

    def _commanded(self, why_not: str) -> Commanded:
        return Commanded(
            key=self.key or "",
            by=self.sender.login,
            repository=self.repository,
            verb=verb_of(self.asked),
            why_not=why_not,
        )

    def _text(self, context: Context) -> str:
        login, held = self.sender.login, self.held
        if self.starts and not self.held.may_write:
            rule = answers.Starters(
                teams=tuple(_teams(self.rules)),
                unread=context.refusals.unread.get(self.repository.id, False),
            )
            return answers.needs_write(self.asked, login, held, self.url, rule)
        return answers.needs(self.asked, login, held, self.needs, self.url)


def _teams(rules: Rules | None) -> list[str]:
    """The teams whose members may start runs."""
    allowed = rules.start if isinstance(rules, RepositoryConfig) else ()
    return [name.removeprefix(TEAM) for name in allowed if name.startswith(TEAM)]
