"""Read the settings, and say what is wrong with each and how to mend it."""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from dotenv import dotenv_values
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from bot.errors import OperatorError
from bot.settings.door import WEBHOOK_SECRET_LENGTH
from bot.settings.serving import Settings
from bot.settings.values import ENV_FILE, PREFIX, variable

MENDS = {
    "app_id": "set it to the number on the App's settings page",
    "private_key": f"set {PREFIX}PRIVATE_KEY_FILE to the .pem file from the App's settings page",
    "webhook_secret": "set it to the secret on the App's settings page"
    f" ({WEBHOOK_SECRET_LENGTH} characters or more, for example from `openssl rand -hex 32`)",
    "port": "set it to a number from 0 (any free port) to 65535",
}

WORDS = {
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "greater_than_equal": "must be {ge:.12g} or more",
    "less_than_equal": "must be {le:.12g} or less",
    "literal_error": "must be {expected}",
}
"""Ours for pydantic's, by the kind of fault."""

S = TypeVar("S", bound=BaseSettings)


class Problem(ValueError):
    """A setting that cannot be used, and how to mend it."""

    def __init__(self, name: str, message: str, mend: str) -> None:
        self.variable = name
        self.message = message
        self.mend = mend
        super().__init__(f"{self.variable} {message}")


def load(kind: type[S]) -> S:
    """Read the settings; raise an OperatorError with one line for each that cannot be used."""
    settings, problems = inspect(kind)
    if settings is None:
        raise OperatorError("\n".join(f"{problem}: {problem.mend}." for problem in problems))
    return settings


def inspect(kind: type[S]) -> tuple[S | None, list[Problem]]:
    """Read the settings without raising: what `coppice doctor` shows."""
    try:
        return kind(), []
    except ValidationError as error:
        found = [_problem(kind, details) for details in error.errors(include_url=False)]
        return None, found
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 text: {error.reason} at byte {error.start}"
        return None, [Problem(ENV_FILE, message, "write it anew, in UTF-8")]


def unknown_settings(environment: Mapping[str, str] | None = None) -> list[str]:
    """Name each `COPPICE_…` variable that no setting reads, with the nearest one that exists; those
    of `.env` too.
    """
    known = [variable(name) for name in Settings.model_fields]
    given = {*os.environ, *_of_file()} if environment is None else environment
    strange = sorted(n for n in given if n.startswith(PREFIX) and n not in known)
    near = {name: get_close_matches(name, known, n=1) for name in strange}
    return [name + (f" (did you mean {near[name][0]}?)" if near[name] else "") for name in strange]


def _of_file() -> set[str]:
    try:
        return {name.upper() for name in dotenv_values(ENV_FILE)}
    except UnicodeDecodeError:
        return set()  # `inspect` says so


def _problem(kind: type[BaseSettings], details: Mapping[str, Any]) -> Problem:
    location = str(details["loc"][0]) if details["loc"] else "settings"
    aliases = {f.validation_alias: name for name, f in kind.model_fields.items()}
    field = aliases.get(location, location)
    words = WORDS.get(str(details["type"]), str(details["msg"]).removeprefix("Value error, "))
    message = words.format_map(details.get("ctx", {})) if details["type"] in WORDS else words
    if field == "app_id" and details.get("input") in (0, None):
        message = "is missing"
    if not message.startswith(("is ", "must ", "names ", "and ", "cannot ", "takes ")):
        message = "is not usable: " + message[0].lower() + message[1:]
    mend = MENDS.get(field, "correct it in the environment or in .env")
    return Problem(variable(field), message, mend)
