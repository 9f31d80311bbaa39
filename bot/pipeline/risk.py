"""What makes a plan risky, by the files that it names: pure, and fixed before any model speaks."""

import re
from collections.abc import Iterator

from bot.github.markdown import code
from bot.runs import FileAction, Plan

MANY_FILES = 10

_KINDS = (
    (
        "touches the CI or what deploys",
        r"(^|/)(\.github|\.gitlab|\.circleci|\.ci|\.buildkite|deploy(ment)?s?|terraform|helm|k8s)/"
        r"|(^|/)(\.gitlab-ci\.yml|Jenkinsfile|Procfile|Dockerfile[^/]*|docker-compose[^/]*)$"
        r"|\.tf$",
    ),
    (
        "touches dependencies",
        r"(^|/)(requirements[^/]*\.(txt|in)|pyproject\.toml|setup\.(py|cfg)|Pipfile(\.lock)?"
        r"|poetry\.lock|uv\.lock|package(-lock)?\.json|yarn\.lock|pnpm-lock\.yaml|go\.(mod|sum)"
        r"|Cargo\.(toml|lock)|Gemfile(\.lock)?|composer\.(json|lock)|pom\.xml|build\.gradle[^/]*"
        r"|[^/]*\.csproj)$",
    ),
    (
        "touches what runs or is read by itself on people's machines",
        r"(^|/)(\.pre-commit-(config|hooks)\.ya?ml|\.overcommit\.yml|\.lintstagedrc[^/]*|\.envrc|\.direnv"
        r"|\.?mise(\.[^/]*)?\.toml|\.tool-versions|\.(mise|run|mvn)/.+|\.npmrc|bunfig\.toml|pip\.conf"
        r"|\.(gdb|lldb)init|\.n?vimrc|\.nvim\.lua|\.exrc|\.dir-locals\.el|[^/]*\.sublime-project"
        r"|\.bazelrc|\.gitattributes|\.lfsconfig|(site|user)customize\.py|[^/]*\.pth|\.env(\.local)?"
        r"|gradlew(\.bat)?|mvnw(\.cmd)?|gradle-wrapper\.properties|(shell|flake|default)\.nix"
        r"|devenv\.nix|devbox\.json|Vagrantfile)$",
    ),
    (
        "touches migrations or the schema",
        r"(^|/)(migrations?|alembic|db/migrate)/|(^|/)schema\.(rb|prisma|sql)$|\.sql$",
    ),
    (
        "touches security",
        r"(auth|login|passwo?rd|secret|credential|crypto|permission|token|security|payment"
        r"|billing|sudo|acl)|\.(pem|key|crt)$|(^|/)(CODEOWNERS|SECURITY[^/]*)$",
    ),
)


def reasons(plan: Plan) -> tuple[str, ...]:
    """Say why somebody should look at the plan first, each reason with the file that gives it."""
    return tuple(_found(plan))


def touches(path: str) -> str | None:
    """Say what one path that is changed touches, or None."""
    return next((what for what, regex in _KINDS if re.search(regex, path, re.IGNORECASE)), None)


def _found(plan: Plan) -> Iterator[str]:
    for what, pattern in _KINDS:
        hits = [f.glob for f in plan.files if re.search(pattern, f.glob, re.IGNORECASE)]
        if hits:
            yield f"{what} ({code(hits[0])})"
    wide = [f.glob for f in plan.files if "**" in f.glob or f.glob.strip("/") in ("*", "")]
    if wide:
        yield f"may touch many files ({code(wide[0])})"
    elif len(plan.files) > MANY_FILES:
        yield f"is large ({len(plan.files)} entries)"
    gone = [f.glob for f in plan.files if f.action is FileAction.DELETE]
    if gone:
        yield f"deletes ({code(gone[0])})"
