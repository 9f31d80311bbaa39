"""Carry out the commands of one comment, in order, into one decision."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from bot.errors import UserError
from bot.github.markdown import prose
from bot.github.texts import answers
from bot.runs import (
    Again,
    Commanded,
    Comment,
    Decision,
    Effect,
    MessageKind,
    Pause,
    Permission,
    React,
    Run,
    StageStatus,
    Start,
    Tell,
)
from handlers.commands import COMMANDS, nearly
from handlers.commands.command import Asked, Command, Reply, Spot, Where, Who
from handlers.commands.note import note
from handlers.context import Context
from handlers.people import Refusal, colleague, may_start, verb_of
from handlers.runs import AtWork

Reaction = Literal["eyes", "rocket", "confused"]


async def allowed(asked: Sequence[Asked], held: Permission, context: Context) -> Decision | None:
    """Refuse all commands of a comment where its sender may not give one of them; else None."""
    for each in asked:
        command = COMMANDS.get(each.line.verb)
        if not await _may(each, command.who if command else Who.WRITE, held, context):
            starts = command is not None and command.who is Who.START
            refusal = Refusal(
                asked=each.line.text if starts else _written(each),
                sender=each.sender,
                held=held,
                repository=each.repository,
                issue=each.issue.number,
                comment_id=None if each.spot is Spot.REVIEW else each.comment.id,
                on_lines=each.spot is Spot.LINES,
                url=each.comment.html_url,
                starts=starts,
                rules=each.rules,
                needs="maintain" if command and command.who is Who.MAINTAIN else "write",
                key=each.key,
                colleague=starts
                and await colleague(context, each.repository, each.sender, held, each.rules),
            )
            return refusal.decision(context)
    return None


async def _may(asked: Asked, who: Who, held: Permission, context: Context) -> bool:
    match who:
        case Who.START if asked.rules is not None:
            return await may_start(context, asked.repository, asked.sender, held, asked.rules)
        case Who.MAINTAIN:
            return held in (Permission.MAINTAIN, Permission.ADMIN)
        case _:
            return held.may_write


async def carry_out(asked: Sequence[Asked], context: Context) -> Decision:
    """Decide on commands whose sender may give them; what cannot be done is answered."""
    starts: list[Start | Again] = []
    tells: list[Tell] = []
    pauses: list[Pause] = []
    said: list[str] = []
    commands: list[Commanded] = []
    for each in asked:
        reply = await _reply(each, context)
        joined = _joined(starts[-1], reply) if starts else None
        if joined is not None:
            starts[-1], reply = joined, Reply()
        elif reply.starts and starts:
            reply = _refused(each, "One start for each comment.")
        commands.append(_commanded(each, reply.why_not))
        starts += reply.starts
        tells += reply.tells
        pauses += reply.pauses
        said += [reply.answer] if reply.answer else []
    acts = bool(starts or tells or pauses)
    # what a run does with other words it says itself; one that was told to stop is done with it
    stops = any(tell.message.kind is MessageKind.STOP for tell in tells)
    return Decision(
        starts=tuple(starts),
        tells=tuple(tells),
        pauses=tuple(pauses),
        effects=_effects(asked[0], said),
        then=_reaction(asked[0], "rocket") if acts and (stops or not tells) else (),
        otherwise=_reaction(asked[0], "confused") if acts else (),
        commands=tuple(commands),
        reason="answered" if said and not acts else None,
    )


def _joined(begun: Start | Again, reply: Reply) -> Again | None:
    """Take a retry and words to the same run, in one comment, for one retry with these words.

    Where the comment is read once more the run lives already, and the words would be told again.
    """
    if not isinstance(begun, Again):
        return None
    agains = [s for s in reply.starts if isinstance(s, Again) and s.run_id == begun.run_id]
    told = [t.message for t in reply.tells if t.run_id == begun.run_id]
    notes = [m.text for m in told if m.kind is MessageKind.NOTE]
    notes += [each.note for each in agains if each.note is not None]
    if begun.note is None and not notes:
        return None
    plain = next((each for each in agains if each.note is None), begun)
    words = "\n\n".join([*([begun.note] if begun.note else []), *notes])
    return plain.model_copy(update={"key": begun.key, "note": words})


def _effects(asked: Asked, said: Sequence[str]) -> tuple[Effect, ...]:
    seen = _reaction(asked, "eyes")
    if not said:
        return seen
    which = f"{asked.spot}{asked.comment.id}" if asked.box is None else asked.key
    purpose = f"answer-{which}"
    body = "\n\n".join(dict.fromkeys(said))
    return (*seen, Comment(issue=asked.issue.number, purpose=purpose.replace("/", "-"), body=body))


def _reaction(asked: Asked, content: Reaction) -> tuple[Effect, ...]:
    """React to a command, where that is possible."""
    where, lines = asked.reacts_on, asked.spot is Spot.LINES
    if where is None:
        return ()
    number = asked.issue.number
    return (React(issue=number, comment_id=where, on_lines=lines, content=content),)


async def _reply(asked: Asked, context: Context) -> Reply:
    verb = asked.line.verb or "help"
    command = COMMANDS.get(verb)
    try:
        if command is None:
            return await _other(asked, context)
        _check_place(asked, command)
        settings, words = command.read(asked.line.words)
        return await command.call(replace(asked, settings=settings, words=words), context)
    except AtWork as error:
        return _refused(asked, str(error), await _at(error.run, context))
    except UserError as error:
        return _refused(asked, str(error))


async def _at(run: Run, context: Context) -> str:
    """What a run is at, as an answer says it."""
    stages = await context.runs.stages(run.id)
    now = [stage for stage in stages if stage.status is StageStatus.RUNNING]
    return answers.already_working(run, now[-1] if now else None)


async def _other(asked: Asked, context: Context) -> Reply:
    """Take words that are no command for a note, unless they nearly are one."""
    verb = asked.line.verb
    if (near := nearly(asked.line)) is not None:
        return Reply(answer=answers.unknown_command(verb, near))
    return await note(asked, context)


def _check_place(asked: Asked, command: Command) -> None:
    pulls = {Where.PULL_REQUEST, Where.ANY_PULL_REQUEST}
    if (pulls if asked.on_pull_request else {Where.ISSUE}) & set(command.where):
        return
    more = " On a pull request of Coppice, `/coppice` and what you want make one more round."
    hint = more if asked.on_pull_request else ""
    raise UserError(f"It is for {' and '.join(command.where)}.{hint}")


def _refused(asked: Asked, why: str, told: str | None = None) -> Reply:
    """Answer why not; ``told`` is the same in Markdown of ours."""
    said = told or prose(why)
    answer = answers.not_done(_written(asked), asked.sender.login, said, asked.comment.html_url)
    return Reply(answer=answer, why_not=why)


def _written(asked: Asked) -> str:
    return asked.line.text if asked.box is None else f"the box {asked.box}"


def _commanded(asked: Asked, why_not: str | None) -> Commanded:
    return Commanded(
        key=asked.key,
        by=asked.sender.login,
        repository=asked.repository,
        verb=verb_of(_written(asked)),
        why_not=why_not,
    )
