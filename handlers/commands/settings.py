"""The `key=value` words that commands share."""

from collections.abc import Mapping

from handlers.commands.command import Argument

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}"

PIPELINE = Argument(
    summary="the name of a pipeline, as in `prompts/pipelines`", values=r"[a-z][a-z0-9-]{0,39}"
)
AGENT = Argument(summary="an agent that the operator allows", values=r"[a-z][a-z0-9-]{0,39}")
MODEL = Argument(summary="the name of a model endpoint of the operator", values=_NAME)
BASE = Argument(summary="the branch to work on", values=r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
BUDGET = Argument(
    summary="what may be spent, such as `5usd` or `2usd,30min`", values=r"[0-9.a-zA-Z,]{2,60}"
)
PUBLISH = Argument(
    summary="how far to go: `comment`, `patch`, `branch` or `pr`", values="comment|patch|branch|pr"
)
STARTING: Mapping[str, Argument] = {
    "pipeline": PIPELINE,
    "agent": AGENT,
    "model": MODEL,
    "base": BASE,
    "budget": BUDGET,
    "publish": PUBLISH,
}
