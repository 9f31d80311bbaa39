"""Any other words after `/coppice`: a note to the run."""

from bot.errors import UserError
from bot.pipeline import definition
from bot.runs import Again, MessageKind
from handlers.commands.command import Asked, Reply
from handlers.context import Context
from handlers.runs import Onward, alive, retry, say

LONGEST = 4000


async def note(asked: Asked, context: Context) -> Reply:
    """Tell the run: its plan is made again, or its work goes one more round, with these words."""
    run = await asked.run(context)
    if definition.visits(run.pipeline):
        raise UserError("It is not a pull request of Coppice; there is nobody to take words.")
    text = asked.line.note[:LONGEST]
    if alive(run):
        return Reply(tells=(say(run, MessageKind.NOTE, asked.wanted, text=text),))
    onward = retry(run, asked.wanted, Onward(note=text))
    if not isinstance(onward, Again):
        return Reply(tells=(onward,))
    asked.check_open()
    return Reply(starts=(onward,))
