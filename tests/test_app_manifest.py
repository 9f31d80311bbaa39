"""`app.yaml` asks for what the code calls and handles, and for nothing else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from bot.forge import world
from bot.github import tokens

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = yaml.safe_load((ROOT / "app.yaml").read_text())

# Every path of REST that the code calls, and the permission that GitHub asks for it
# (https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps).
# `/app…` and `/users/…` take the App's own JWT or none.
CALLS = {
    "": ("metadata", "read"),
    "/app": None,
    "/app/hook/config": None,
    "/app/hook/deliveries": None,
    "/app/installations": None,
    "/app/installations/{}": None,
    "/app/installations/{}/access_tokens": None,
    "/branches/{}": ("contents", "read"),
    "/check-runs": ("checks", "write"),
    "/check-runs/{}": ("checks", "write"),
    "/check-suites/{}": ("checks", "write"),
    "/collaborators/{}/permission": ("metadata", "read"),
    "/commits/{}": ("contents", "read"),
    "/commits/{}/check-runs": ("checks", "read"),
    "/contents/{}": ("contents", "read"),
    "/installation/repositories": ("metadata", "read"),
    "/graphql": ("pull_requests", "write"),
    "/git/ref/{}": ("contents", "read"),
    "/git/ref/heads/{}": ("contents", "read"),
    "/git/refs/heads/{}": ("contents", "write"),
    "/issues/comments/{}": ("issues", "write"),
    "/issues/{}": ("issues", "read"),
    "/issues/{}/comments": ("issues", "write"),
    "/issues/{}/labels": ("issues", "write"),
    "/issues/{}/reactions": ("issues", "write"),
    "/issues/comments/{}/reactions": ("issues", "write"),
    "/labels": ("issues", "write"),
    "/labels/{}": ("issues", "write"),
    "/orgs/{}/members/{}": ("members", "read"),
    "/orgs/{}/teams/{}/memberships/{}": ("members", "read"),
    "/pulls": ("pull_requests", "write"),
    "/pulls/{}": ("pull_requests", "write"),
    "/pulls/{}/comments": ("pull_requests", "read"),
    "/pulls/comments/{}/reactions": ("pull_requests", "write"),
    "/pulls/{}/requested_reviewers": ("pull_requests", "write"),
    "/pulls/{}/reviews": ("pull_requests", "write"),
    "/rerequest": ("checks", "write"),
    "/status": ("statuses", "read"),
    "/users/{}": None,
}

# Text of the same shape that is no call: a page, a path of ours, the end of a path.
NO_CALLS = {"/tree/{}", "/webhook", "/access_tokens"}

NEVER = {"workflows", "administration", "secrets", "organization_administration"}

# Events that come to every App without being asked for.
UNASKED = {"installation", "installation_repositories", "ping"}


CALL = re.compile(r"(?!/coppice|/repos/)(/[a-z{][a-z_{}-]*)+")


def modules() -> list[Path]:
    rooms = [*(ROOT / "bot" / "github").rglob("*.py"), *(ROOT / "handlers").rglob("*.py")]
    return [*rooms, ROOT / "bot" / "cli" / "doctor_app.py"]


def paths(module: Path) -> Iterator[str]:
    """Name the REST paths that a module writes, below the repository, `{}` for what varies."""
    tree = ast.parse(module.read_text())
    parts = {
        id(value)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for value in node.values
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            text = node.value
        elif isinstance(node, ast.JoinedStr):
            text = "".join(
                str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values
            )
        else:
            continue
        path = text.partition("?")[0].removeprefix("{}")
        if CALL.fullmatch(path) and path not in NO_CALLS and path.strip("/{}"):
            yield path


def test_every_call_has_its_permission_in_the_manifest() -> None:
    called = {path for module in modules() for path in paths(module)}

    assert called - set(CALLS) == set()


def test_the_manifest_grants_what_the_calls_need() -> None:
    called = {path for module in modules() for path in paths(module)}
    needed = {CALLS[path] for path in called} - {None}

    assert needed - _held(MANIFEST["default_permissions"]) == set()


def test_the_manifest_grants_nothing_else() -> None:
    tokens_ask = {*tokens.REST, *tokens.FETCH, *tokens.PUSH, *tokens.CI, *tokens.TEAMS}
    strongest = {
        name: "write" if (name, "write") in tokens_ask else "read" for name, _ in tokens_ask
    }

    assert strongest == MANIFEST["default_permissions"]
    assert NEVER & set(MANIFEST["default_permissions"]) == set()


def test_every_event_that_a_handler_takes_is_asked_for() -> None:
    taken = set()
    for module in (ROOT / "handlers").rglob("*.py"):
        taken |= set(re.findall(r'register\(\s*"([a-z_]+)"', module.read_text()))

    assert taken - UNASKED - set(MANIFEST["default_events"]) == set()


def test_the_forge_grants_its_app_the_same() -> None:
    assert MANIFEST["default_permissions"] == world.PERMISSIONS
    assert sorted(world.EVENTS) == sorted(MANIFEST["default_events"])


def _held(permissions: dict[str, str]) -> set[tuple[str, str]]:
    held = set(permissions.items())
    return held | {(name, "read") for name in permissions}
