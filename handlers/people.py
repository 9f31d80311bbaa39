"""Who may steer: one place that decides it, and denies by default."""

import asyncio
from collections.abc import Sequence

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
    held, rules = await asyncio.gather(
        context.github.permission(repository, login),
        rules_of(context, repository),
        return_exceptions=True,
    )
    if isinstance(held, BaseException):
        raise held
    if isinstance(rules, BaseException):
        raise rules
    return held, rules


async def rules_of(context: Context, repository: RepositoryRef) -> Rules:
    """Read the configuration, or return what is wrong with it."""
    try:
        return await context.github.configuration(repository)
    except UserError as error:
        return error


def refuse(
    asked: str, sender: User, held: Permission, issue: int, comment: tuple[int, str] | None = None
) -> Decision:
    """Answer somebody who may not: triage gets one comment for each issue, readers a reaction.

    ``comment`` is the id and address of the comment with the command; None for a label.
    """
    comment_id, url = comment or (None, None)
    confused = React(issue=issue, comment_id=comment_id, content="confused")
    effects: Sequence[Effect] = ()
    if held is Permission.TRIAGE:
        text = answers.needs_write(asked, sender.login, held, url)
        effects = (confused, Comment(issue=issue, purpose=f"refusal-{sender.id}", body=text))
    elif held is Permission.READ:
        effects = (confused,)
    reason = f"{asked} needs write access; {sender.login} has {held}"
    return Decision(effects=tuple(effects), reason=reason)
