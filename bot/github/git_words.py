"""Read git's own words when a push or fetch fails, and name what they mean.

GitHub tells why it refuses a push only as text on git's stderr ("remote: error: GH006: …").
"""

import re

from bot.errors import EffectDelayed, EffectRefused, GitError

_UNKNOWN_TOKEN = re.compile(
    r"repository '?.*'? ?not found|authentication failed|could not read (user|pass)"
    r"|returned error: 40[14]|invalid username or password|terminal prompts disabled",
    re.IGNORECASE,
)

# In order: a rule's own words stand beside the general GH013, so the particular ones come first.
_REFUSALS = (
    (
        r"push protection|secret.{0,40}(detected|found)|push cannot contain secrets",
        "push_protection",
        "GitHub's push protection found a secret in the work. Remove it, or allow it in the"
        " repository's security settings, then write `/coppice retry`.",
    ),
    (
        r"cannot force-push",
        "protected_branch",
        "A rule forbids force pushes to Coppice's branch. Exempt `coppice/*` from it, then write"
        " `/coppice retry`.",
    ),
    (
        r"verified signatures?|commits must (be|have).{0,20}sign(ed|atures)(?!.off)",
        "signatures_required",
        "This repository takes signed commits only, and Coppice does not sign yet. Exempt the"
        " branches `coppice/*` from that rule, or take the patch (`coppice patch`).",
    ),
    (
        r"sign(ed)?[- ]?off|\bDCO\b",
        "sign_off_required",
        "This repository wants commits with a sign-off. Exempt the branches `coppice/*`, or take"
        " the patch (`coppice patch`) and sign it off yourself.",
    ),
    (
        r"refusing to allow .{0,60}(create or update|delete) workflow|without `?workflows?`? perm",
        "workflow_permission",
        "The work changes files under `.github/workflows`, which the App may not. A person has to"
        " make that change; `coppice patch` gives it.",
    ),
    (
        r"GH006|protected branch",
        "protected_branch",
        "A branch protection rule covers Coppice's branch. Exempt `coppice/*` from it, then write"
        " `/coppice retry`.",
    ),
    (
        r"GH013|rule violations|declined due to repository rule",
        "rule_violation",
        "A rule of this repository forbids the push. Exempt `coppice/*` from it, then write"
        " `/coppice retry`.",
    ),
    (
        r"archived so is read-only|was archived|is archived",
        "archived",
        "The repository is archived and cannot be written to.",
    ),
    (
        r"non-fast-forward|fetch first|stale info|cannot lock ref|reference already exists"
        r"|\[rejected\]",
        "branch_moved",
        "Somebody else pushed to the branch.",
    ),
    (
        r"permission to .* denied|write access to repository not granted|returned error: 403",
        "no_access",
        "The App may not push here; an owner can accept its permission `contents: write`.",
    ),
    (
        r"not found|does not exist",
        "gone",
        "The repository is gone, or the App has no access to it any more.",
    ),
)
_BUSY = re.compile(
    r"returned error: (5\d\d|429)|could not resolve host|connection (refused|reset|timed out)"
    r"|timed? ?out|early eof|remote end hung up|failed to connect|internal server error"
    r"|gnutls|ssl_|openssl",
    re.IGNORECASE,
)

# A helper of git that was killed says nothing; who refuses a push says why.
_SILENT = re.compile(r"((error: failed to push some refs to|To) .*\s*)+")


def unknown_token(error: GitError) -> bool:
    """Tell whether git says what a token gets that GitHub does not know, yet or any more."""
    return _UNKNOWN_TOKEN.search(error.words) is not None


def push_problem(error: GitError) -> EffectRefused | EffectDelayed:
    """Name why a push failed, with what a person can do next."""
    said = _remote_words(error.stderr)
    for pattern, kind, advice in _REFUSALS:
        if re.search(pattern, error.words, re.IGNORECASE):
            return EffectRefused(kind, f"{advice} (GitHub: {said})" if said else advice)
    if _BUSY.search(error.words) or _SILENT.fullmatch(error.stderr.strip()):
        return EffectDelayed(f"GitHub did not take the push: {said or 'no connection'}", 10)
    return EffectRefused("invalid", f"git could not push: {said or 'it gave no reason'}")


def _remote_words(stderr: str) -> str:
    """Pick the lines that say why, without git's frame and addresses."""
    lines = [line.strip() for line in stderr.splitlines()]
    told = [
        line.removeprefix("remote:").strip(" -") for line in lines if line.startswith("remote:")
    ]
    told = [line for line in told if line and not line.startswith(("http://", "https://"))]
    if not told:
        told = [line for line in lines if line.startswith(("fatal:", "error:", "!"))]
    return re.sub(r"https?://\S+", "…", " ".join(told))[:400]
