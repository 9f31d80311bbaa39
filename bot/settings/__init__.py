"""The operator's settings: the only module that reads the environment.

Every setting is `COPPICE_…` in the environment or in `.env` of the working directory; the
environment wins. A secret may come from a file instead: the same name with `_FILE` behind it.
"""

from bot.settings.box import BoxSettings
from bot.settings.door import WEBHOOK_SECRET_LENGTH, DoorSettings
from bot.settings.environment import inherited_environment, wants_colour
from bot.settings.models import ModelSettings, ProxySettings
from bot.settings.reading import Problem, inspect, load, unknown_settings
from bot.settings.serving import CLOUD, Settings
from bot.settings.store import DATABASE_FILE, StoreSettings
from bot.settings.values import PREFIX, is_text, variable

__all__ = [
    "CLOUD",
    "DATABASE_FILE",
    "PREFIX",
    "WEBHOOK_SECRET_LENGTH",
    "BoxSettings",
    "DoorSettings",
    "ModelSettings",
    "Problem",
    "ProxySettings",
    "Settings",
    "StoreSettings",
    "inherited_environment",
    "inspect",
    "is_text",
    "load",
    "unknown_settings",
    "variable",
    "wants_colour",
]
