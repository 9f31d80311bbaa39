"""`/coppice retry`: go on with a run that ended, or make one more round on its pull request."""

from bot.runs import Again, Publish
from handlers.choices import budget
from handlers.commands.command import Asked, Command, Reply
from handlers.commands.settings import BUDGET, PUBLISH
from handlers.context import Context
from handlers.runs import Onward, retry


async def _call(asked: Asked, context: Context) -> Reply:
    run = await asked.run(context)
    further = asked.settings.get("publish")
    onward = retry(
        run,
        asked.wanted,
        Onward(
            stage=asked.words[0] if asked.words else None,
            budget=budget(asked.settings),
            publish=Publish(further) if further else None,
        ),
    )
    if not isinstance(onward, Again):
        return Reply(tells=(onward,))
    asked.check_open()
    return Reply(starts=(onward,))


COMMAND = Command(
    verb="retry",
    summary="Go on with the run that ended, at the stage that ended it or at the one named.",
    call=_call,
    words="[STAGE]",
    most_words=1,
    settings={"budget": BUDGET, "publish": PUBLISH},
    examples=(
        "/coppice retry",
        "/coppice retry publish",
        "/coppice retry budget=5usd",
        "/coppice retry publish publish=pr",
    ),
)
