"""Our own environment, as far as anything but a setting is read from it."""

import os


def inherited_environment(**changes: str) -> dict[str, str]:
    """Give a program that we start only what it needs of our environment, and ``changes``."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SSL_CERT_FILE")
    return {name: os.environ[name] for name in kept if name in os.environ} | changes


def wants_colour() -> bool:
    """Follow https://no-color.org and `TERM=dumb`."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
