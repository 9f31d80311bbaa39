"""Begin a run for an issue: by label or by command, the same way."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.errors import UserError
from bot.github.texts import answers
from bot.pipeline import definition
from bot.pipeline.configuration import PATH, RepositoryConfig
from bot.runs import Comment, Options, RepositoryRef, Run, Start, Trigger, run_id
from handlers.choices import choose
from handlers.context import Context
from handlers.labels import by_labels
from handlers.payloads import Issue, User
from handlers.people import Rules

PLAN_ONLY = "plan-only"
"""The pipeline that is asked for by `/coppice plan` as well."""


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


def misconfigured(wish: Wish, error: UserError) -> Comment:
    """Say why a label started nothing, in one comment for each issue."""
    verb = "plan" if wish.plan_only else "run"
    verb = "review" if wish.issue.pull_request is not None else verb
    body = answers.not_started(str(error), f"/coppice {verb}")
    return Comment(issue=wish.issue.number, purpose="configuration", body=body)


def readable(rules: Rules) -> RepositoryConfig:
    """The configuration; raises UserError that names the file where it cannot be read."""
    if isinstance(rules, UserError):
        raise UserError(answers.unreadable(PATH, str(rules)))
    return rules


def in_the_way(wish: Wish, living: Run | None) -> Run | None:
    """Say which living run keeps this one from starting; one of this very delivery does not."""
    return living if living and living.id != wish.run_id else None


async def start(wish: Wish, context: Context) -> Start:
    """Make the run; raises UserError where its configuration, pipeline or agent cannot be taken."""
    rules = readable(wish.rules)
    labels = await by_labels(wish.repository, wish.issue, context, wish.settings)
    settings = {**labels.settings, **wish.settings}
    chosen = choose(settings, rules, context)
    visits = definition.visits(chosen.pipeline)
    if visits is not (wish.issue.pull_request is not None):
        what = "pull requests" if visits else "issues"
        raise UserError(f"The pipeline `{chosen.pipeline}` is for {what}.")
    now = context.clock()
    planned = chosen.pipeline == PLAN_ONLY
    options = chosen.options.model_copy(
        update={
            "plan_only": wish.plan_only or planned,
            "priority": int(settings.get("priority", 0)),
        }
    )
    return Start(
        run=Run(
            id=wish.run_id,
            repository=wish.repository,
            issue=wish.issue.number,
            pipeline=rules.pipeline if planned else chosen.pipeline,  # of what comes after it
            agent=chosen.agent,
            publish=chosen.publish,
            trigger=_trigger(wish, options, labels.ignored),
            created_at=now,
            updated_at=now,
        )
    )


def _trigger(wish: Wish, options: Options, ignored: tuple[str, ...]) -> Trigger:
    """Freeze what the event itself says, so that there is no race with an edit."""
    return Trigger(
        delivery=wish.delivery,
        by=wish.by.person,
        title=wish.issue.title.replace("\0", ""),
        body=(wish.issue.body or "").replace("\0", ""),
        comment_id=wish.comment_id,
        goal=wish.goal,
        options=options,
        ignored=ignored,
        at=wish.issue.updated_at,
    )
