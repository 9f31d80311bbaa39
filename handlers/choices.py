"""What a person chose for a run, by words of a command or by labels, over what is configured."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from bot.errors import UserError
from bot.pipeline import definition
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.values import branch
from bot.runs import Budget, Options, Publish
from bot.runs.spending import parse_budget
from handlers.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """How one run is to go, after the configuration and what a person asked for."""

    pipeline: str
    agent: str
    publish: Publish
    options: Options


def choose(settings: Mapping[str, str], rules: RepositoryConfig, context: Context) -> Chosen:
    """Put what was asked for over what is configured; raises UserError where there is no such."""
    pipeline = settings.get("pipeline", rules.pipeline)
    definition.load(pipeline)
    return Chosen(
        pipeline=pipeline,
        agent=_agent(settings.get("agent") or rules.agent, context),
        publish=Publish(settings.get("publish", rules.publish)),
        options=Options(
            model=settings.get("model"),
            base=branch(settings["base"]) if "base" in settings else None,
            budget=budget(settings),
        ),
    )


def budget(settings: Mapping[str, str]) -> Budget | None:
    """Read `budget=`; raises UserError that says how it is written."""
    if "budget" not in settings:
        return None
    try:
        return parse_budget(settings["budget"])
    except ValueError as error:
        raise UserError(f"{error}.") from error


def _agent(wanted: str | None, context: Context) -> str:
    known = (context.agent, *context.agents)
    if wanted is None or wanted in known:
        return wanted or context.agent
    near = get_close_matches(wanted, known, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"there is: {', '.join(sorted(set(known)))}."
    raise UserError(f"The operator allows no agent `{wanted}`; {hint}")
