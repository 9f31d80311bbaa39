"""Carry out the commands of one comment, in order, into one decision."""

from collections.abc import Sequence
from dataclasses import replace

from bot.errors import UserError
from bot.github.texts import answers
from bot.runs import Again, Comment, Decision, Effect, React, Start, Tell
from handlers.commands import COMMANDS, unknown
from handlers.commands.command import Asked, Command, Reply, Where
from handlers.context import Context


async def carry_out(asked: Sequence[Asked], context: Context) -> Decision:
    """Decide on commands whose sender may give them; what cannot be done is answered."""
    starts: list[Start | Again] = []
    tells: list[Tell] = []
    said: list[str] = []
    for each in asked:
        reply = await _reply(each, context)
        if reply.starts and starts:
            reply = Reply(answer=_refused(each, "One start for each comment."))
        starts += reply.starts
        tells += reply.tells
        said += [reply.answer] if reply.answer else []
    return Decision(
        starts=tuple(starts),
        tells=tuple(tells),
        effects=_effects(asked[0], said),
        reason="answered" if said and not starts and not tells else None,
    )


def _effects(asked: Asked, said: Sequence[str]) -> tuple[Effect, ...]:
    issue, comment = asked.issue.number, asked.comment.id
    seen = React(issue=issue, comment_id=comment, content="eyes")
    if not said:
        return (seen,)
    body = "\n\n".join(dict.fromkeys(said))
    return (seen, Comment(issue=issue, purpose=f"answer-{comment}", body=body))


async def _reply(asked: Asked, context: Context) -> Reply:
    command = COMMANDS.get(asked.line.verb or "help")
    if command is None:
        return Reply(answer=unknown(asked.line.verb))
    try:
        _check_place(asked, command)
        settings, words = command.read(asked.line.words)
        return await command.call(replace(asked, settings=settings, words=words), context)
    except UserError as error:
        return Reply(answer=_refused(asked, str(error)))


def _check_place(asked: Asked, command: Command) -> None:
    here = Where.PULL_REQUEST if asked.on_pull_request else Where.ISSUE
    if here not in command.where:
        raise UserError(f"It is for {' and '.join(command.where)}.")


def _refused(asked: Asked, why: str) -> str:
    return answers.not_done(asked.line.text, asked.sender.login, why, asked.comment.html_url)
