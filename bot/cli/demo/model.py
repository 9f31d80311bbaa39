"""The model of the demo's agent: the operator's own, or the bundled scripted one, which is none."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bot.agent import catalogue
from bot.agent.registry import AGENTS, runtime
from bot.agent.runtime import AgentRuntime, Api
from bot.box import Box
from bot.errors import OperatorError
from bot.scripted_model import ScriptedModel
from bot.scripted_model import load as load_scenario
from bot.settings import PREFIX, ModelSettings

SCENARIO = Path(__file__).resolve().parents[3] / "prompts" / "demo" / "model.yaml"
BUNDLED = "bundled scripted model, no real one"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """What the service is told of models."""

    shown: str
    """For people."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """By the names of the settings, without their prefix."""


async def require_agent(name: str, settings: ModelSettings, box: Box) -> AgentRuntime:
    """Make sure that the agent would start; raises OperatorError that says what to type."""
    known = catalogue.load(settings)
    made = runtime(
        name,
        scripts=SCENARIO.parent,
        agents=settings.agents_dir or AGENTS,
        profiles=known.profiles if known else {},
    )
    probe = await made.probe(box)
    if not probe.ok:
        raise OperatorError(f"--agent {name}: {probe.detail}. {probe.mend}".strip())
    return made


@asynccontextmanager
async def chosen_model(
    agent: AgentRuntime, settings: ModelSettings, log: Path
) -> AsyncIterator[ModelChoice]:
    """Take the operator's model, else play one on this machine until the block is left."""
    if not agent.capabilities.apis:
        yield ModelChoice(shown="none")
    elif settings.has_model:
        yield ModelChoice(shown=_shown(settings), settings=_own(settings))
    else:
        async with ScriptedModel(load_scenario(SCENARIO), log=log) as model:
            given = {
                "MODEL_URL": model.url,
                "MODEL": model.scenario.model,
                "MODEL_API": _api(agent.capabilities.apis).value,
                "AGENTS_DIR": settings.agents_dir,
            }
            yield ModelChoice(shown=BUNDLED, settings=given)


def require_model(settings: ModelSettings, what: str) -> None:
    """Refuse what the bundled model cannot do: it knows the demo's own three issues."""
    if not settings.has_model:
        raise OperatorError(
            f"{what} needs a model: set {PREFIX}MODEL_URL and {PREFIX}MODEL (and"
            f" {PREFIX}MODEL_KEY). The bundled one is a script for the demo's own three issues."
        )


def _api(spoken: frozenset[Api]) -> Api:
    return next(api for api in Api if api in spoken)


def _shown(settings: ModelSettings) -> str:
    if settings.models_file is not None:
        return f"as in {settings.models_file}"
    return f"{settings.model} at {urlsplit(settings.model_url).netloc}"


def _own(settings: ModelSettings) -> Mapping[str, object]:
    """Hand on what the operator set, budgets too: it is their money."""
    budgets = {
        name.upper(): str(getattr(settings, name))
        for name in ModelSettings.model_fields
        if name.startswith("budget_")
    }
    return {
        **budgets,
        "MODEL_URL": settings.model_url or None,
        "MODEL": settings.model or None,
        "MODEL_KEY": settings.model_key.get_secret_value() or None,
        "MODEL_API": settings.model_api,
        "MODELS_FILE": settings.models_file,
        "AGENTS_DIR": settings.agents_dir,
    }
