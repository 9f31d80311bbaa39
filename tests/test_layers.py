"""Imports point down only: the table of layers in docs/architecture.md, held on the syntax tree."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

LAYERS = {
    "bot.errors": 0,
    "bot.runs": 0,
    "bot.store": 1,
    "bot.guard": 1,
    "bot.box": 1,
    "bot.settings": 1,
    "bot.log": 1,
    "bot.worktree": 2,
    "bot.telemetry": 2,
    "bot.github": 3,
    "bot.context": 3,
    "bot.agent": 3,
    "bot.pipeline": 4,
    "bot.engine": 5,
    "handlers": 6,
    "bot.intake": 6,
    "bot.dashboard": 6,
    "bot.cli": 7,
    "bot.__main__": 7,
}
TOP = 7
STAND_INS = {"bot.forge", "bot.scripted_model"}
"""They play GitHub and endpoints of models, and import themselves only."""
BOTTOM = {"pydantic", "msgspec"}
"""All that layer 0 may import besides the standard library and itself."""

# Who alone may import a library.
RESERVED = {
    "dbos": ("bot.engine",),
    "alembic": ("bot.store",),
    "prometheus_client": ("bot.telemetry",),
    "opentelemetry": ("bot.telemetry",),
    "sqlalchemy": ("bot.store", "bot.engine", "bot.cli"),
}


def modules() -> Iterator[tuple[str, Path]]:
    for folder in ("bot", "handlers"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imported(name: str, path: Path) -> Iterator[str]:
    """Name every module that one imports, wherever in it; `from a import b` is `a.b`."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            module = ".".join(filter(None, (above, node.module)))
            yield from (f"{module}.{alias.name}" for alias in node.names)


def room(module: str) -> str | None:
    """Name the room of the house that a module lies in; None: it is not ours."""
    first, _, rest = module.partition(".")
    if first == "handlers":
        return "handlers"
    return f"bot.{rest.partition('.')[0]}" if first == "bot" else None


IMPORTS = [(name, target) for name, path in modules() for target in imported(name, path)]


def breaches(rule: str) -> list[str]:
    return [f"{name} imports {target}" for name, target in IMPORTS if _RULES[rule](name, target)]


def points_up(name: str, target: str) -> bool:
    ours, theirs = room(name), room(target)
    if theirs is None or ours == theirs or {ours, theirs} & STAND_INS or theirs == "bot.":
        return False
    return LAYERS[ours or ""] <= LAYERS[theirs] and LAYERS[ours or ""] != TOP


def is_foreign_to_the_bottom(name: str, target: str) -> bool:
    if LAYERS.get(name) != 0:
        return False
    first = target.partition(".")[0]
    allowed = room(target) in ("bot.errors", "bot.runs") or first in BOTTOM
    return not allowed and first not in sys.stdlib_module_names


def leaves_a_stand_in(name: str, target: str) -> bool:
    return room(name) in STAND_INS and room(target) not in (room(name), None)


def reaches_into_a_stand_in(name: str, target: str) -> bool:
    allowed = (room(target), "bot.cli", "bot.__main__")
    return room(target) in STAND_INS and room(name) not in allowed


def joins_two_stages(name: str, target: str) -> bool:
    stages = "bot.pipeline.stages."
    return name.startswith(stages) and target.startswith(stages) and not target.startswith(name)


def joins_two_events(name: str, target: str) -> bool:
    """An event's module imports no other event's; what they share lies below them."""
    if not name.startswith("handlers.") or not target.startswith("handlers."):
        return False
    below = name.startswith("handlers.commands")
    goes_to = ".".join(target.split(".")[:2])
    return goes_to in EVENT_MODULES and (below or not name.startswith(goes_to))


def takes_a_reserved_library(name: str, target: str) -> bool:
    allowed = RESERVED.get(target.partition(".")[0])
    return allowed is not None and room(name) not in (*allowed, "bot.forge")


def reads_the_environment(name: str, target: str) -> bool:
    return target in ("os.environ", "os.getenv") and room(name) != "bot.settings"


EVENT_MODULES = {
    name
    for name, path in modules()
    if name.startswith("handlers.")
    and name.count(".") == 1
    and "@router.register" in path.read_text()
}

_RULES = {
    "imports point down": points_up,
    "the bottom layer imports the standard library, pydantic and msgspec": is_foreign_to_the_bottom,
    "a stand-in imports itself only": leaves_a_stand_in,
    "only the command line imports a stand-in": reaches_into_a_stand_in,
    "a stage imports no other stage": joins_two_stages,
    "an event's module imports no other event's": joins_two_events,
    "dbos and the database libraries have one room each": takes_a_reserved_library,
    "nobody but settings imports the environment": reads_the_environment,
}


@pytest.mark.parametrize("rule", _RULES)
def test_rule_of_the_house(rule: str) -> None:
    assert breaches(rule) == []


def test_every_room_has_a_layer() -> None:
    rooms = {room(name) for name, _ in modules()} - {"bot."} - STAND_INS

    assert rooms <= set(LAYERS)


def test_nobody_but_settings_reads_the_environment() -> None:
    """`os.environ` and `os.getenv` by attribute; the forge and programs in the box stand alone."""
    readers = {name for name, path in modules() if _reads_environ(path)}

    assert {room(name) for name in readers - ALONE} == {"bot.settings"}


ALONE = {name for name, _ in modules() if room(name) == "bot.forge" or name.endswith("_program")}


def _reads_environ(path: Path) -> bool:
    text = path.read_text()
    if "os.environ" not in text and "os.getenv" not in text:
        return False
    tree = ast.walk(ast.parse(text))
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in ("environ", "getenv", "environb")
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        for node in tree
    )
