"""The stories that the demo can tell, each a module: what a maintainer does, and what is seen."""

from collections.abc import Awaitable, Callable

from bot.cli.demo.stage import Stage
from bot.cli.demo.stories import ci, plan, review
from bot.cli.demo.stories.telling import Telling
from bot.runs import Run

ACTED: dict[str, Callable[[Stage, Telling], Awaitable[Run]]] = {
    "plan": plan.act,
    "review": review.act,
    "ci": ci.act,
}
"""Stories with a maintainer who does more than to put a label on."""
