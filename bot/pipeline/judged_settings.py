"""Which settings say how the work is judged: of tests, coverage, linters, types. Pure.

Some files hold nothing else; of others a part does, and the rest of them is anybody's.
"""

import configparser
import json
import re
import tomllib
from collections.abc import Mapping
from posixpath import basename
from typing import Any

from bot.pipeline.script_settings import test_block

_WHOLE = re.compile(
    r"conftest\.py|\.?pytest\.(?:ini|toml)|\.coveragerc|tox\.ini|tox\.toml|noxfile\.py"
    r"|(?:jest|vitest|karma|playwright|cypress|ava|wdio|nightwatch)\.(?:config|conf|setup|workspace)"
    r"\.(?:[cm]?[jt]s|json)"
    r"|\.mocharc\.\w+|\.nycrc(?:\.\w+)?|\.c8rc(?:\.\w+)?|\.taprc|phpunit\.xml(?:\.dist)?|\.rspec"
    r"|testng\.xml|nextest\.toml|\.pre-commit-config\.yaml|\.golangci\.(?:ya?ml|toml|json)"
    r"|\.?mypy\.ini|\.flake8|\.?ruff\.toml|\.?pylintrc|\.bandit|pyrightconfig\.json"
    r"|\.eslintrc(?:\.\w+)?|\.eslintignore|eslint\.config\.[cm]?[jt]s|biome\.jsonc?"
    r"|\.rubocop(?:_todo)?\.ya?ml|phpstan\.neon(?:\.dist)?|\.stylelintrc(?:\.\w+)?"
)
_TOOLS = re.compile(
    r"pytest|coverage|tox|nox|ruff|mypy|pyright|basedpyright|pylint|flake8|bandit|pycodestyle"
    r"|pydocstyle|mutmut|interrogate"
)
_SECTIONS = re.compile(
    r"tool:pytest|pytest|(?:flake8|mypy|coverage|pylint|pycodestyle|pydocstyle|tox|testenv).*"
)
_KEYS = ("jest", "mocha", "ava", "nyc", "c8", "tap", "eslintConfig", "lint-staged")
_SCRIPTS = re.compile(r"(?:pre|post)?(?:tests?|lint|check|ci|cov|coverage|type-?check|verify)\b.*")
_PROGRAM = re.compile(r"vite\.config\.[cm]?[jt]s")


def whole(path: str) -> bool:
    """Tell whether a file is nothing but such settings."""
    return _WHOLE.fullmatch(basename(path)) is not None


def mixed(path: str) -> bool:
    """Tell whether a part of a file may be such settings."""
    name = basename(path)
    known = name in ("pyproject.toml", "setup.cfg", "package.json")
    return known or _PROGRAM.fullmatch(name) is not None


def part(path: str, content: bytes | None) -> str:
    """The part of a mixed file that judges, in a form to be compared; empty: there is none.

    Raises ValueError where it cannot be read.
    """
    if content is None:
        return ""
    try:
        return _part(basename(path), content.decode("utf-8-sig"))
    except (configparser.Error, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _part(name: str, text: str) -> str:
    if name == "pyproject.toml":
        return _said(_chosen(tomllib.loads(text).get("tool", {}), _TOOLS))
    if name == "package.json":
        package = json.loads(text)
        found = {key: package[key] for key in _KEYS if key in package}
        scripts = _chosen(package.get("scripts") or {}, _SCRIPTS)
        return _said({**found, **({"scripts": scripts} if scripts else {})})
    if name == "setup.cfg":
        parser = configparser.RawConfigParser(strict=False)
        parser.read_string(text)
        return _said(_chosen({name: dict(parser[name]) for name in parser.sections()}, _SECTIONS))
    return test_block(text).strip()


def _chosen(settings: Mapping[str, Any], wanted: re.Pattern[str]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if wanted.fullmatch(key)}


def _said(found: Mapping[str, Any]) -> str:
    return json.dumps(found, sort_keys=True, default=str) if found else ""
