"""Begin a run for an issue: by label or by command, the same way."""

from dataclasses import dataclass

from bot.errors import UserError
from bot.github.texts import answers
from bot.pipeline import definition
from bot.pipeline.configuration import PATH
from bot.runs import Comment, RepositoryRef, Run, Start, Trigger, run_id
from handlers.context import Context
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
    pipeline: str | None = None
    """Instead of the configured one."""

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


def start(wish: Wish, context: Context) -> Start:
    """Make the run; raises UserError where its configuration or pipeline cannot be taken."""
    if isinstance(wish.rules, UserError):
        raise wish.rules
    pipeline = wish.pipeline or wish.rules.pipeline
    definition.load(pipeline)
    now = context.clock()
    return Start(
        run=Run(
            id=wish.run_id,
            repository=wish.repository,
            issue=wish.issue.number,
            pipeline=pipeline,
            agent=context.agent,
            publish=wish.rules.publish,
            trigger=_trigger(wish),
            created_at=now,
            updated_at=now,
        )
    )


def _trigger(wish: Wish) -> Trigger:
    """Freeze what the event itself says, so that there is no race with an edit."""
    return Trigger(
        delivery=wish.delivery,
        by=wish.by.person,
        title=wish.issue.title.replace("\0", ""),
        body=(wish.issue.body or "").replace("\0", ""),
        comment_id=wish.comment_id,
        goal=wish.goal,
        at=wish.issue.updated_at,
    )
