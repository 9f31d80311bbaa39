"""What `coppice try` was asked for, checked before anything is read."""

import asyncio
import os
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from pydantic import ValidationError

from bot.cli.trial.source import IssueUrl, parse
from bot.errors import OperatorError
from bot.runs import Budget, parse_budget
from bot.settings import PREFIX, ModelSettings, load

KEY_FILE = "model-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    issue: IssueUrl
    token: str | None
    agent: str
    budget: Budget
    verify: tuple[str, ...]
    setup: str | None
    models: ModelSettings
    state: Path | None
    output: Path
    as_json: bool


def read(arguments: Namespace) -> Options:
    """Check the arguments; raise OperatorError (exit 2) that names the wrong one."""
    issue = parse(arguments.url, arguments.api)
    given = {"model_url": arguments.model, "model": arguments.name}
    models = _with(load(ModelSettings), {n: value for n, value in given.items() if value})
    if arguments.model and arguments.name is None and not models.model:
        key = models.model_key.get_secret_value()
        changed = {"model": asyncio.run(_only_model(arguments.model, key))}
        models = models.model_copy(update=changed)
    if not models.has_model and arguments.agent != "scripted":
        raise OperatorError(f"which model? Give --model URL, or {PREFIX}MODELS_FILE")
    owner, _, name = issue.repository.partition("/")
    default = Path(f"{owner}-{name}-{issue.number}.patch")
    return Options(
        issue=issue,
        token=_secret(arguments.token_file),
        agent=arguments.agent,
        budget=_budget(arguments.budget),
        verify=tuple(arguments.verify),
        setup=arguments.setup,
        models=models,
        state=_state(arguments.state),
        output=_output(Path(arguments.output) if arguments.output else default),
        as_json=arguments.json,
    )


def _with(models: ModelSettings, changes: dict[str, str]) -> ModelSettings:
    try:
        return ModelSettings.model_validate({**models.model_dump(), **changes})
    except ValidationError as error:
        said = "; ".join(str(one["msg"]) for one in error.errors(include_url=False))
        raise OperatorError(f"--model {changes.get('model_url')}: {said}") from error


def environment(options: Options, state: Path) -> dict[str, str]:
    """Give the service the models; the key by a file that only it reads."""
    models, named = options.models, {}
    if models.model_url:
        named = {"MODEL_URL": models.model_url, "MODEL": models.model}
        named["MODEL_API"] = models.model_api
        named |= _key(models, state)
    elif models.models_file:
        named = {"MODELS_FILE": str(models.models_file.absolute())}
    budgets = {"BUDGET_RUN": str(options.budget), "BUDGET_MONTH": str(models.budget_month)}
    return {PREFIX + name: value for name, value in {**named, **budgets}.items()}


def _key(models: ModelSettings, state: Path) -> dict[str, str]:
    key = models.model_key.get_secret_value()
    if not key:
        return {}
    file = state / KEY_FILE
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as written:
        written.write(key)
    return {"MODEL_KEY_FILE": str(file)}


def _state(name: str | None) -> Path | None:
    if name is None:
        return None
    path = Path(name).absolute()
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise OperatorError(f"--state {name} is not an empty directory: name a new one")
    return path


def _output(file: Path) -> Path:
    """Look now whether the patch can be written: at the end it is paid for."""
    path = file.absolute()
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise OperatorError(f"--output {file} cannot be written: name another file")
    return path


def _budget(text: str) -> Budget:
    """Read `0.50`, which is dollars, or a budget as elsewhere."""
    try:
        return Budget(usd=float(text))
    except ValueError:
        pass
    try:
        return parse_budget(text)
    except ValueError as error:
        raise OperatorError(f"--budget: {error}") from error


def _secret(file: str | None) -> str | None:
    if file is None:
        return None
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise OperatorError(f"--token-file {file}: {error.strerror}") from error


async def _only_model(url: str, key: str) -> str:
    """Ask the endpoint what it has, where nobody said which model to use."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session,
            session.get(f"{url.rstrip('/')}/models", headers=headers) as answer,
        ):
            rows = (await answer.json())["data"]
            found = [str(row["id"]) for row in rows]
    except aiohttp.ClientConnectionError as error:
        raise OperatorError(f"nobody answers at {url}. Start it, or correct --model") from error
    except (aiohttp.ClientError, TimeoutError, ValueError, LookupError, TypeError) as error:
        raise OperatorError(f"{url} does not list its models: name one with --name") from error
    if not found:
        raise OperatorError(f"{url} has no model")
    return found[0]
