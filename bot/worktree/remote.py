"""A repository on GitHub as git reaches it; its token travels by environment alone."""

import base64
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bot.errors import GitError

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """How this machine reaches GitHub; everything else of the environment is left out."""

    proxy: str | None = field(default=None, repr=False)
    no_proxy: str | None = None
    ca_file: Path | None = None


DIRECT = Network()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    url: str
    token: str | None = field(default=None, repr=False)
    network: Network = DIRECT

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if self.url and (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or "@" in parts.netloc
            or re.search(r"[\x00-\x20\x7f]", self.url)
        ):
            raise GitError("remote", 128, "only plain http and https addresses are used")

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}/"

    @property
    def header(self) -> tuple[str, str]:
        return "Authorization", f"Basic {self._basic}"

    def config(self) -> tuple[tuple[str, str], ...]:
        """Settings for git; no redirect is followed: our header would go along (``moved.py``)."""
        stay = ("http.followRedirects", "false")
        if self.token is None:
            return (stay,)
        return stay, (f"http.{self.origin}.extraHeader", ": ".join(self.header))

    def environment(self) -> dict[str, str]:
        network = self.network
        given = {
            "https_proxy": network.proxy,
            "no_proxy": network.no_proxy,
            "GIT_SSL_CAINFO": str(network.ca_file) if network.ca_file else None,
        }
        return {name: value for name, value in given.items() if value is not None}

    def mask(self, text: str) -> str:
        """Take credentials out of what git said."""
        if self.token:
            text = text.replace(self.token, "***").replace(self._basic, "***")
        return _CREDENTIALS.sub("***@", text)

    @property
    def _basic(self) -> str:
        return base64.b64encode(f"x-access-token:{self.token}".encode()).decode()


LOCAL = Remote(url="")
"""No remote at all."""
