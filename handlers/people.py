"""Who may steer: one place that decides it, and denies by default."""

import asyncio
from dataclasses import dataclass

from bot.errors import UserError
from bot.github.texts import answers
from bot.pipeline.configuration import RepositoryConfig
from bot.runs import Comment, Decision, Effect, Permission, React, RepositoryRef
from handlers.context import Context
from handlers.payloads import User

Rules = RepositoryConfig | UserError


def machine(sender: User, context: Context) -> str | None:
    """Say that a program did it, or None; told by number and type, as names can be imitated."""
    if sender.id == context.me.user_id:
        return "sender is this app"
    return f"sender {sender.login} is a bot" if sender.type == "Bot" else None


async def rights_and_rules(
    context: Context, repository: RepositoryRef, login: str
) -> tuple[Permission, Rules]:
    """Ask for a person's permission and the repository's configuration at once."""
    asked = asyncio.ensure_future(context.github.permission(repository, login))
    await asyncio.sleep(
        0
    )  # uvloop sends between its turns: this call leaves before the next is made
    held, rules = await asyncio.gather(asked, rules_of(context, repository), return_exceptions=True)
    if isinstance(held, BaseException):
        raise held
    if isinstance(rules, BaseException) and not isinstance(rules, UserError):
        raise rules
    return held, rules


async def rules_of(context: Context, repository: RepositoryRef) -> Rules:
    """Read the configuration, or return what is wrong with it."""
    try:
        return await context.github.configuration(repository)
    except UserError as error:
        return error


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Somebody asked for what needs write access."""

    asked: str
    sender: User
    held: Permission
    issue: int
    comment_id: int | None = None
    """The comment with the command; None for a label."""
    url: str | None = None
    starts: bool = True
    """What was asked for is a run."""

    def decision(self) -> Decision:
        """Answer: triage gets one comment for each issue, readers a reaction, others nothing."""
        confused = React(issue=self.issue, comment_id=self.comment_id, content="confused")
        effects: tuple[Effect, ...] = ()
        if self.held is Permission.TRIAGE:
            purpose = f"refusal-{self.sender.id}"
            effects = (confused, Comment(issue=self.issue, purpose=purpose, body=self._text()))
        elif self.held is Permission.READ:
            effects = (confused,)
        reason = f"{self.asked} needs write access; {self.sender.login} has {self.held}"
        return Decision(effects=effects, reason=reason)

    def _text(self) -> str:
        login, held = self.sender.login, self.held
        if self.starts:
            return answers.needs_write(self.asked, login, held, self.url)
        why = f"It needs write access; `{login}` has {held}."
        return answers.not_done(self.asked, login, why, self.url)
