"""A plan as it is approved: with its hash, and with the files that it lets the work touch."""

import hashlib
import json
from collections.abc import Iterable, Mapping

from bot.pipeline.globs import matches
from bot.runs import Json, Plan, Record


class Contract(Record):
    """A validated plan and what it is known by."""

    plan: Plan
    hash: str
    """SHA-256 of the plan as JSON and of the text that it is for, in hexadecimal."""

    def outside(self, paths: Iterable[str]) -> list[str]:
        """Name the paths that no entry of the plan covers, in order."""
        globs = [file.glob for file in self.plan.files]
        return sorted(path for path in paths if not any(matches(glob, path) for glob in globs))


def contract(plan: Plan, snapshot: str = "") -> Contract:
    """Seal a plan: equal plans for the same ``snapshot`` have equal hashes.

    ``snapshot`` is the digest of what the agent was told: an approval is for that text alone.
    """
    text = json.dumps(plan.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    return Contract(plan=plan, hash=hashlib.sha256(f"{snapshot}{text}".encode()).hexdigest())


def of_result(result: Mapping[str, Json]) -> Contract | None:
    """Read the contract from the stored result of a plan stage; None: it made none."""
    data = result.get("data", {})
    return Contract(plan=data["plan"], hash=data["hash"]) if "plan" in data else None
