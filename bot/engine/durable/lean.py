"""Load DBOS without what it imports at its top and hardly ever uses: 16 MB in each process.

Its datasources, schedules, command line and PostgreSQL have libraries that this service needs
rarely or, on SQLite, never. DBOS gets stand-ins, which load the real thing when it is used.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

SPARED = (
    "click",
    "croniter",
    "dateutil",
    "dateutil.parser",
    "psycopg",
    "psycopg.errors",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.orm",
)


def load(name: str, spared: tuple[str, ...] = SPARED) -> ModuleType:
    """Import a module; those of the spared that nobody has loaded yet are stand-ins for it.

    Whoever imports them afterwards gets the real ones.
    """
    importlib.import_module("sqlalchemy.dialects.postgresql")  # what it loads is to be real
    importlib.import_module("sqlalchemy.dialects.sqlite")
    stand_ins = {n: _Module(n, spared) for n in spared if n not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        return importlib.import_module(name)
    finally:
        for each in stand_ins:
            del sys.modules[each]


class _Module(ModuleType):
    def __init__(self, name: str, spared: tuple[str, ...]) -> None:
        super().__init__(name)
        self._spared = spared

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        full = f"{self.__name__}.{name}"
        thing = _Module(full, self._spared) if full in self._spared else _Late.of(full)
        setattr(self, name, thing)
        return thing


class _Late(type):
    """A class or function of another module, which is loaded when it is called or asked."""

    _full: str

    @classmethod
    def of(cls, full: str) -> "_Late":
        late = cls(full.rpartition(".")[2], (), {})
        late._full = full
        return late

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls._real()(*args, **kwargs)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(cls._real(), name)

    def __getitem__(cls, parameters: Any) -> "_Late":
        return cls

    def __instancecheck__(cls, instance: Any) -> bool:
        """Nothing is of a class that nobody has loaded."""
        loaded = cls._full.rpartition(".")[0] in sys.modules
        return loaded and isinstance(instance, cls._real())

    def _real(cls) -> Any:
        module, _, name = cls._full.rpartition(".")
        return getattr(importlib.import_module(module), name)
