"""Make the command that starts an agent program in its box, with a fresh HOME and one way out."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from bot.agent.hidden import covers
from bot.agent.profiles import AgentProtocol, Profile, filled
from bot.agent.profiles.installed import Installation
from bot.agent.runtime import AgentContext, ModelSocket
from bot.box import TREE, BoxLevel, Command, Forward, Mount
from bot.errors import StageFailed

PORT = 8100
"""Of the box's 127.0.0.1; it leads to the model's socket."""
WINDOW = 128_000
"""Tokens, where the operator does not say how many a model takes."""
SEED = "/opt/coppice/home"
START = 'cp -R "$1/." "$HOME" && cd "$2" && shift 2 && exec "$@"'
SAFE_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+~-]{0,199}")


def launch(
    profile: Profile, installation: Installation, context: AgentContext, prompt: str, seconds: float
) -> Command:
    """Raises StageFailed where the program, its model or the tree is not as it has to be."""
    model = _fitting(profile, context.model)
    words = {
        **installation.words(),
        "url": f"http://127.0.0.1:{PORT}",
        "model": model.model,
        "window": str(model.window or WINDOW),
        "prompt": prompt,
    }
    programs = installation.mounts(profile)
    home = _home(profile, words, context.files / "home")
    argv = tuple(filled(word, words) for word in profile.argv)
    return Command(
        # an ACP agent is told of the tree; that it does not start there keeps what its own runtime
        # looks for in the working directory (`.env`, `bunfig.toml`) out of it
        argv=("/bin/sh", "-c", START, "sh", SEED, "/" if _told(profile) else TREE, *argv),
        mounts=(*_tree(context, profile), *programs, Mount(source=home, target=SEED)),
        env={name: filled(value, words) for name, value in profile.env.items()},
        seconds=seconds,
        log=context.log,
        forward=(Forward(port=PORT, socket=model.path),),
    )


def looked(profile: Profile, installation: Installation) -> Command:
    """Make the command that asks a program for its version, with nothing around it."""
    words = installation.words() | {"url": "", "model": "model", "window": "1", "prompt": ""}
    argv = tuple(filled(word, words) for word in profile.argv)
    script = next((at + 1 for at, word in enumerate(argv) if word.endswith(".js")), 1)
    return Command(
        argv=(*argv[:script], "--version"),
        mounts=installation.mounts(profile),
        cwd="/",
        seconds=60,
    )


def place(context: AgentContext) -> str:
    """Say where the agent finds the worktree: where there are no mounts, it lies on the host."""
    if context.box.level >= BoxLevel.BUBBLEWRAP:
        return TREE
    return str(_source(context) or TREE)


def _source(context: AgentContext) -> Path | None:
    trees = [mount.source for mount in context.mounts if mount.target == TREE]
    return trees[-1] if trees else None


def _told(profile: Profile) -> bool:
    return profile.protocol is AgentProtocol.ACP


def _fitting(profile: Profile, model: ModelSocket | None) -> ModelSocket:
    if model is None:
        raise StageFailed("no_model", "this agent needs a model, and none is set", blocked=True)
    if model.api not in profile.apis:
        spoken = ", ".join(sorted(profile.apis))
        reason = f"this agent speaks {spoken} to models, and the endpoint speaks {model.api}"
        raise StageFailed("no_model", reason, blocked=True)
    if not SAFE_MODEL.fullmatch(model.model):
        reason = f"this agent cannot be given a model of the name {json.dumps(model.model[:60])}"
        raise StageFailed("no_model", reason, blocked=True)
    return model


def _tree(context: AgentContext, profile: Profile) -> tuple[Mount, ...]:
    tree = _source(context)
    hidden = covers(tree, profile.hides, context.files / "empty") if tree else ()
    if hidden and context.box.level < BoxLevel.BUBBLEWRAP:
        names = ", ".join(mount.target.removeprefix(f"{TREE}/") for mount in hidden)
        reason = (
            f"the repository keeps settings for agents ({names}), which only a box of level 3 hides"
        )
        raise StageFailed("agent_settings", reason, blocked=True)
    return (*context.mounts, *hidden)


def _home(profile: Profile, words: Mapping[str, str], home: Path) -> Path:
    """Write what the program finds in its HOME; it gets a copy that is its own."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    for name, text in profile.files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(filled(text, dict(words)), encoding="utf-8")
    return home
