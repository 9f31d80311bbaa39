"""`/coppice run`: start a run for an issue."""

from bot.errors import UserError
from bot.github.texts import answers
from handlers.commands.command import Argument, Asked, Command, Reply, Where
from handlers.context import Context
from handlers.starting import Wish, in_the_way, start

LONGEST_GOAL = 2000


async def _call(asked: Asked, context: Context) -> Reply:
    if asked.issue.state != "open":
        raise UserError("The issue is closed; open it again first.")
    if asked.rules is None:
        raise LookupError("the configuration was not read")
    wish = Wish(
        delivery=asked.delivery,
        repository=asked.repository,
        issue=asked.issue,
        by=asked.sender,
        rules=asked.rules,
        comment_id=asked.comment.id,
        goal=" ".join(asked.words)[:LONGEST_GOAL] or None,
        pipeline=asked.settings.get("pipeline"),
    )
    living = await context.runs.living(asked.repository.id, asked.issue.number)
    other = in_the_way(wish, living)
    if other is None:
        return Reply(starts=(start(wish, context),))
    if other.following:
        raise UserError(
            f"Its pull request #{other.pull_request} is open: `/coppice retry` makes one more "
            "round on it."
        )
    raise UserError(answers.already_working(other))


COMMAND = Command(
    verb="run",
    summary="Start a run; the words after it tell the agent what matters.",
    call=_call,
    words="[WORDS]",
    most_words=None,
    settings={
        "pipeline": Argument(
            summary="the name of a pipeline, as in `prompts/pipelines`",
            values=r"[a-z][a-z0-9-]{0,39}",
        )
    },
    where=(Where.ISSUE,),
    examples=("/coppice run", "/coppice run keep the old name as an alias"),
    needs_rules=True,
)
