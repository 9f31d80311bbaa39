"""What all runtimes have in common that drive a program by its profile."""

from dataclasses import dataclass

from bot.agent.launch import looked
from bot.agent.profiles import Profile
from bot.agent.profiles.installed import Installation
from bot.agent.runtime import Capabilities, Probe
from bot.box import Box

CANNOT_START = (126, 127)
"""What is not there, or cannot be run; an operator's own program may know no `--version`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiled:
    name: str
    profile: Profile
    installation: Installation

    @property
    def label(self) -> str | None:
        return self.profile.label

    @property
    def fresh(self) -> bool:
        """An agent goes on from what it finds."""
        return False

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            asks_permission=self.profile.asks,
            reports_plan=self.profile.reports_plan,
            reports_usage=self.profile.reports_usage,
            resumes=False,
            apis=self.profile.apis,
        )

    async def probe(self, box: Box) -> Probe:
        """Look whether it is there in the version that we know, and start it in the box."""
        missing = self.installation.missing(self.profile)
        if missing is not None:
            return Probe(ok=False, version=None, detail=missing.reason, mend=missing.mend)
        outcome = await box.run(looked(self.profile, self.installation))
        package, code = self.profile.package, outcome.exit_code
        version = package.version if package else None
        starts = code == 0 if package else code not in (*CANNOT_START, None)
        if not starts:
            why = (outcome.problem or outcome.output).strip()[-300:]
            detail = f"it does not start in this box: {why or code}"
            return Probe(ok=False, version=version, detail=detail)
        where = self.installation.directory / package.folder if package else "in the box"
        return Probe(ok=True, version=version, detail=str(where))
