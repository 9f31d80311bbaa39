"""Begin a run for an issue: by label or by command, the same way."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.errors import UserError
from bot.github.texts import answers
from bot.pipeline import definition
from bot.pipeline.configuration import PATH
from bot.runs import Comment, Options, RepositoryRef, Run, Start, Trigger, run_id
from handlers.choices import choose
from handlers.context import Context
from handlers.labels import by_labels
from handlers.payloads import Issue, User
from handlers.people import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Somebody with write access wants a run."""

    delivery: str
    repository: RepositoryRef
    issue: Issue
    by: User
    rules: Rules
    comment_id: int | None = None
    goal: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    """What the person chose for this run, by the words of `/coppice run`."""
    plan_only: bool = False

    @property
    def run_id(self) -> str:
        return run_id(self.delivery)


def misconfigured(issue: int, error: UserError) -> Comment:
    """Say what is wrong in the configuration, once for each issue."""
    body = answers.configuration_refused(PATH, str(error))
    return Comment(issue=issue, purpose="configuration", body=body)


def in_the_way(wish: Wish, living: Run | None) -> Run | None:
    """Say which living run keeps this one from starting; one of this very delivery does not."""
    return living if living and living.id != wish.run_id else None


async def start(wish: Wish, context: Context) -> Start:
    """Make the run; raises UserError where its configuration, pipeline or agent cannot be taken."""
    if isinstance(wish.rules, UserError):
        raise wish.rules
    settings = {**await by_labels(wish.repository, wish.issue, context), **wish.settings}
    chosen = choose(settings, wish.rules, context)
    visits = definition.visits(chosen.pipeline)
    if visits is not (wish.issue.pull_request is not None):
        what = "pull requests" if visits else "issues"
        raise UserError(f"The pipeline `{chosen.pipeline}` is for {what}.")
    now = context.clock()
    options = chosen.options.model_copy(
        update={"plan_only": wish.plan_only, "priority": int(settings.get("priority", 0))}
    )
    return Start(
        run=Run(
            id=wish.run_id,
            repository=wish.repository,
            issue=wish.issue.number,
            pipeline=chosen.pipeline,
            agent=chosen.agent,
            publish=chosen.publish,
            trigger=_trigger(wish, options),
            created_at=now,
            updated_at=now,
        )
    )


def _trigger(wish: Wish, options: Options) -> Trigger:
    """Freeze what the event itself says, so that there is no race with an edit."""
    return Trigger(
        delivery=wish.delivery,
        by=wish.by.person,
        title=wish.issue.title.replace("\0", ""),
        body=(wish.issue.body or "").replace("\0", ""),
        comment_id=wish.comment_id,
        goal=wish.goal,
        options=options,
        at=wish.issue.updated_at,
    )
