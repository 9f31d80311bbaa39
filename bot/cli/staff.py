"""Put the agents together: the catalogue of models, the gateway to them, and who may be chosen."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path

from bot.agent import catalogue
from bot.agent.catalogue import Catalogue
from bot.agent.gateway import Gateway
from bot.agent.gateway.gateway import LONGEST_PATH
from bot.agent.registry import runtime
from bot.agent.runtime import AgentRuntime
from bot.cli.connection import proxy_for
from bot.engine.agents import Staff
from bot.errors import OperatorError
from bot.log import hide
from bot.settings import Settings
from bot.store.database import Database

SCRIPTED = "scripted"
DEMO_SCRIPTS = Path(__file__).resolve().parents[2] / "prompts" / "demo"
_NAME = 24
"""Bytes that the name of a socket may take."""


@asynccontextmanager
async def hire(settings: Settings, database: Database) -> AsyncIterator[Staff]:
    """Make every agent that the operator allows; raises OperatorError where a setting is wrong."""
    known = catalogue.load(settings)
    hide(*secrets_of(settings, known))
    made = runtimes(settings, known)
    if known is None:
        yield Staff(
            runtimes=made, budgets=settings.budgets, secrets=partial(secrets_of, settings, None)
        )
        return
    with ExitStack() as stack:
        gateway = Gateway(
            known,
            database,
            settings.budgets,
            folder=_sockets(settings.data_dir, stack),
            proxy=partial(proxy_for, settings=settings),
        )
        try:
            yield Staff(
                runtimes=made,
                gateway=gateway,
                models=known.names,
                budgets=settings.budgets,
                secrets=partial(secrets_of, settings, known),
            )
        finally:
            await gateway.close()


def secrets_of(settings: Settings, known: Catalogue | None) -> tuple[str, ...]:
    """List what must not leave, read anew: tokens of subscriptions change on disk."""
    found = [*settings.secrets, *(known.secrets if known else ())]
    for endpoint in known.endpoints.values() if known else ():
        with suppress(OperatorError):  # what cannot be read by us lies in no change by an agent
            found.append(endpoint.credential())
    return tuple(filter(None, found))


def runtimes(settings: Settings, known: Catalogue | None) -> dict[str, AgentRuntime]:
    """Make what `COPPICE_AGENT` names, and what repositories may choose besides.

    Raises OperatorError where there is no such agent.
    """
    names = (settings.agent, *(known.agents if known else ()))
    scripts = settings.scripts or DEMO_SCRIPTS
    servers = {name: server.argv for name, server in known.mcp.items()} if known else {}
    profiles = known.profiles if known else {}
    return {
        name: runtime(
            name,
            scripts=scripts,
            agents=settings.agents_dir,
            servers=servers,
            profiles=profiles,
        )
        for name in names
    }


def _sockets(data_dir: Path, stack: ExitStack) -> Path:
    """A directory whose path leaves room for a socket's name: the kernel takes 107 bytes."""
    ours = data_dir / "models"
    if len(str(ours).encode()) + _NAME <= LONGEST_PATH:
        return ours
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="coppice-")))
