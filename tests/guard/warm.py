"""The compiled rules, kept between test runs: three seconds once instead of each time."""

from pathlib import Path

from bot.guard.secrets import warm

CACHE = Path(__file__).resolve().parents[2] / ".pytest_cache" / "secret-rules"


def warm_rules() -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    CACHE.chmod(0o700)
    warm(CACHE)
