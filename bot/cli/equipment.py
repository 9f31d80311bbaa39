"""What the service works with by the settings, tried before it says that it is ready."""

from dataclasses import dataclass

from bot.agent import catalogue
from bot.agent.loopback import require_loopback
from bot.box import Box
from bot.cli.boxes import find_box
from bot.cli.connection import trusted
from bot.cli.staff import SCRIPTED, runtimes
from bot.errors import OperatorError, UserError
from bot.pipeline import configuration, errors
from bot.pipeline.errors import ErrorClass
from bot.settings import PREFIX, Settings
from bot.telemetry import traces


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What was made of the settings."""

    box: Box
    errors: tuple[ErrorClass, ...]


async def equip(settings: Settings) -> Equipment:
    """Try what the settings name, but for GitHub, which may be away for a while.

    Raises OperatorError, so that nothing wrong in them is found by deliveries or by people.
    """
    _require_rules(settings)
    classes = _error_classes(settings)
    trusted(settings)
    if SCRIPTED in runtimes(settings, catalogue.load(settings)):
        require_loopback(settings.github_url)
    if settings.collector:
        headers = settings.otel_exporter_otlp_headers.get_secret_value()
        traces.configure(settings.collector, worker=settings.worker, headers=headers)
    return Equipment(box=await find_box(settings), errors=classes)


def _require_rules(settings: Settings) -> None:
    """Read the operator's own rules once: what is wrong in them is not for people on GitHub."""
    if settings.config_file is None:
        return
    try:
        configuration.load(settings.config_file.read_text())
    except (UserError, OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"{PREFIX}CONFIG_FILE, {settings.config_file}: {error}") from error


def _error_classes(settings: Settings) -> tuple[ErrorClass, ...]:
    if settings.errors_file is None:
        return errors.known()
    try:
        return (*errors.load(settings.errors_file), *errors.known())
    except OperatorError as error:
        raise OperatorError(f"{PREFIX}ERRORS_FILE: {error}") from error
