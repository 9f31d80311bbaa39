"""Begin a run on a pull request that Coppice did not open: a review of it, or a round of mending.

Such a run goes by the pull request's own number; the runs of Coppice's pull requests go by their
issue's, so that one never stands in the other's way.
"""

from dataclasses import replace

from bot.errors import UserError
from bot.runs import Publish, RepositoryRef, Run, Start
from handlers.context import Context
from handlers.starting import Wish, in_the_way, start

REVIEW = "review"
MEND = "mend"
_SILENT = (Publish.COMMENT, Publish.PATCH)


async def visit(wish: Wish, pipeline: str, context: Context) -> Start:
    """Make the run; raises UserError where there is one already, or it cannot be taken.

    How far it may go is the repository's choice, yet it never opens a pull request of its own.
    """
    if wish.issue.state != "open":
        raise UserError("The pull request is closed; open it again first.")
    living = await visitor(context, wish.repository, wish.issue.number)
    other = in_the_way(wish, living)
    if other is not None:
        raise UserError(f"Run `{other.short_id}` is at work here: it is {other.status}.")
    made = await start(replace(wish, settings={**wish.settings, "pipeline": pipeline}), context)
    publish = made.run.publish if made.run.publish in _SILENT else Publish.BRANCH
    return Start(run=made.run.model_copy(update={"publish": publish}))


async def visitor(context: Context, repository: RepositoryRef, number: int) -> Run | None:
    """Find the run that is at work on a pull request without having opened it."""
    return await context.runs.living(repository.id, number)
