"""The town of the service's tests, for attacks on it."""

from tests.service.conftest import around, rules, town

__all__ = ["around", "rules", "town"]
