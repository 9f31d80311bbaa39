"""What a push may do: branch protection, push protection, workflow files, in GitHub's words.

The same judgement serves git's pushes and the writes of the REST API.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.forge.git.commits import Commit, read_commits
from bot.forge.git.process import attempt, git
from bot.forge.git.refs import branches
from bot.forge.records import Protection

WORKFLOWS = ".github/workflows/"
SIGN_OFF = re.compile(r"^Signed-off-by: .+ <.+>$", re.MULTILINE)
PROTECTED = "protected branch hook declined"
VIOLATED = "push declined due to repository rule violations"
SECRETS = {
    "GitHub Personal Access Token": re.compile(rb"\b(?:ghp_\w{36}|github_pat_\w{82})\b"),
    "GitHub App Installation Access Token": re.compile(rb"\bghs_\w{36}\b"),
    "Amazon AWS Access Key ID": re.compile(rb"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    "Stripe API Key": re.compile(rb"\b[rs]k_live_[0-9a-zA-Z]{24,}\b"),
    "Slack API Token": re.compile(rb"\bxox[abprs]-\d{10,}-[0-9A-Za-z-]{20,}"),
    "Anthropic API Key": re.compile(rb"\bsk-ant-api03-[\w-]{80,}"),
    "PyPI API Token": re.compile(rb"\bpypi-AgEIcHlwaS5vcmc[\w-]{50,}"),
}
"""Kinds that GitHub's push protection blocks by default; not the whole list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushRules:
    """What applies to one bearer's push to one repository."""

    protections: Mapping[str, Protection] = field(default_factory=dict)
    """By branch; `*` for all others."""
    push_protection: bool = True
    workflows: bool = True
    """Whether the bearer may write workflow files."""
    html_url: str = ""

    def of(self, ref: str) -> Protection | None:
        """Return the protection of a branch (`refs/heads/…`); tags have none."""
        branch = ref.removeprefix("refs/heads/")
        if branch == ref:
            return None
        return self.protections.get(branch) or self.protections.get("*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A ref that is to go from ``old`` to ``new``; None: not there."""

    ref: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PushRefusal:
    """Why a ref stays: what git shows as `remote:` lines, and in brackets after the ref."""

    reason: str
    lines: tuple[str, ...] = ()


async def judge(
    repository: Path,
    updates: Sequence[Update],
    rules: PushRules,
    variables: Mapping[str, str] | None = None,
) -> dict[str, PushRefusal]:
    """Return the refused refs; ``variables`` show git the objects that are not accepted yet."""
    judged = _Push(repository, rules, variables)
    found = {update.ref: await judged.refusal(update) for update in updates}
    return {ref: refusal for ref, refusal in found.items() if refusal}


class _Push:
    def __init__(
        self, repository: Path, rules: PushRules, variables: Mapping[str, str] | None
    ) -> None:
        self.repository = repository
        self.rules = rules
        self.variables = variables

    async def refusal(self, update: Update) -> PushRefusal | None:
        protection = self.rules.of(update.ref)
        if protection and (violation := await self._protected(update, protection)):
            first = f"error: GH006: Protected branch update failed for {update.ref}."
            return PushRefusal(reason=PROTECTED, lines=(first, "", f"- {violation}"))
        if update.new is None:
            return None
        shas = await self._new_commits(update.new)
        if not shas:
            return None
        path, lines = await asyncio.gather(self._workflow(shas), self._violations(shas, protection))
        if path:
            return PushRefusal(reason=workflow_refusal(path))
        if lines:
            return PushRefusal(reason=VIOLATED, lines=(*self._heading(update.ref), *lines))
        return None

    def _heading(self, ref: str) -> tuple[str, ...]:
        first = f"error: GH013: Repository rule violations found for {ref}."
        where = f"{self.rules.html_url}/rules?ref={ref.replace('/', '%2F')}"
        return (first, f"Review all repository rules at {where}", "")

    async def _protected(self, update: Update, protection: Protection) -> str | None:
        if protection.force_pushes and update.old and update.new is None:
            return "Cannot delete this branch"
        if protection.force_pushes and update.old and update.new and await self._forced(update):
            return "Cannot force-push to this branch"
        return "Changes must be made through a pull request." if protection.pushes else None

    async def _forced(self, update: Update) -> bool:
        options = ("--is-ancestor", str(update.old), str(update.new))
        return bool(
            (await attempt(self.repository, "merge-base", *options, variables=self.variables))[0]
        )

    async def _new_commits(self, new: str) -> list[str]:
        """The commits that no branch or tag has yet; none for a tag of something else."""
        options = (new, "--not", "--all")
        _, output, _ = await attempt(
            self.repository, "rev-list", *options, variables=self.variables
        )
        return output.decode().split()

    async def _violations(self, shas: Sequence[str], protection: Protection | None) -> list[str]:
        lines: list[str] = []
        if protection and (protection.signatures or protection.sign_off):
            commits = await read_commits(self.repository, shas, self.variables)
            lines += _commit_violations(commits, protection)
        if self.rules.push_protection and (secrets := await self._secrets(shas)):
            lines += _secret_lines(secrets, self.rules.html_url)
        return lines

    async def _workflow(self, shas: Sequence[str]) -> str | None:
        """Name a workflow file that these commits write and no branch has as it is."""
        if self.rules.workflows:
            return None
        options = ("--stdin", "-r", "-z", "-m", "--root", "--no-commit-id", "--diff-filter=d")
        output = await self._diff(shas, *options, "--", WORKFLOWS)
        parts = output.decode(errors="replace").split("\0")
        written = [
            (facts.split(" ")[3], path)
            for facts, path in zip(parts[::2], parts[1::2], strict=False)
        ]
        for sha, path in written:
            if not await self._is_known(sha, path):
                return path
        return None

    async def _is_known(self, sha: str, path: str) -> bool:
        request = "".join(
            f"refs/heads/{head}:{path}\n" for head in await branches(self.repository)
        ).encode()
        options = ("cat-file", "--batch-check=%(objectname)")
        return sha in (await git(self.repository, *options, stdin=request)).decode().split("\n")

    async def _secrets(self, shas: Sequence[str]) -> list[tuple[str, str, str]]:
        """(kind, commit, place) of each known token in a line that these commits add."""
        options = ("--stdin", "-r", "-p", "-U0", "--root", "--pretty=tformat:commit %H")
        return list(_scan(await self._diff(shas, *options)))

    async def _diff(self, shas: Sequence[str], *options: str) -> bytes:
        request = "".join(f"{sha}\n" for sha in shas).encode()
        return await git(
            self.repository, "diff-tree", *options, stdin=request, variables=self.variables
        )


def workflow_refusal(path: str) -> str:
    """GitHub's sentence for a workflow file; the contents API answers it too."""
    return (
        f"refusing to allow a GitHub App to create or update workflow `{path}` "
        "without `workflows` permission"
    )


def _commit_violations(commits: Iterable[Commit], protection: Protection) -> list[str]:
    unsigned = [c.sha for c in commits if not c.signature] if protection.signatures else []
    careless = (
        [c.sha for c in commits if not SIGN_OFF.search(c.message)] if protection.sign_off else []
    )
    pattern = SIGN_OFF.pattern
    return [
        *_listed("Commits must have verified signatures.", unsigned),
        *_listed(f"Commit message must match a given regex pattern: {pattern}", careless),
    ]


def _listed(rule: str, shas: Sequence[str]) -> list[str]:
    if not shas:
        return []
    many = "violation" if len(shas) == 1 else "violations"
    return [f"- {rule}", f"  Found {len(shas)} {many}:", "", *(f"  {sha}" for sha in shas), ""]


_HUNK = re.compile(rb"^@@ -\S+ \+(\d+)")


def _scan(diff: bytes) -> Iterable[tuple[str, str, str]]:
    commit, path, line = "", "", 0
    for row in diff.split(b"\n"):
        if row.startswith(b"commit "):
            commit = row[7:].decode()
        elif row.startswith(b"+++ "):
            path = row[4:].removeprefix(b"b/").decode(errors="replace")
        elif hunk := _HUNK.match(row):
            line = int(hunk[1]) - 1
        elif row.startswith(b"+"):
            line += 1
            yield from ((k, commit, f"{path}:{line}") for k, p in SECRETS.items() if p.search(row))


def _secret_lines(secrets: Sequence[tuple[str, str, str]], html_url: str) -> list[str]:
    lines = ["- GITHUB PUSH PROTECTION", "  " + "—" * 41]
    lines += ["    Resolve the following violations before pushing again", ""]
    lines += ["    - Push cannot contain secrets", ""]
    for kind in dict.fromkeys(kind for kind, _, _ in secrets):
        lines += ["", f"      —— {kind} " + "—" * max(2, 66 - len(kind)), "       locations:"]
        for _, commit, place in (found for found in secrets if found[0] == kind):
            lines += [f"         - commit: {commit}", f"           path: {place}"]
    return [*lines, "", f"      (?) To push, remove secret from commit(s): {html_url}/security", ""]
