"""OpenAI's Codex, by its ACP adapter and by `codex exec`."""

import json

from bot.agent.profiles.profile import AgentProtocol, Package, Parser, Profile
from bot.agent.runtime import Api, Asks

_PACKAGE = Package(
    folder="codex",
    name="@agentclientprotocol/codex-acp",
    version="2.6.0",
    licence="Apache-2.0",
)
_PROVIDER = {
    "name": "Coppice",
    "base_url": "${url}/v1",
    "env_key": "CODEX_API_KEY",
    "wire_api": "responses",
    "request_max_retries": 2,
    "stream_max_retries": 2,
    "supports_websockets": False,
}
_CONFIG = {
    "model": "${model}",
    "model_provider": "coppice",
    "model_context_window": "${window}",
    "model_providers": {"coppice": _PROVIDER},
    "approval_policy": "on-request",
    # its own sandbox wants namespaces, which the box refuses; the box is the sandbox
    "sandbox_mode": "danger-full-access",
    "web_search": "disabled",
    "check_for_update_on_startup": False,
    "analytics": {"enabled": False},
    "history": {"persistence": "none"},
}
_ASKED = (
    *("rm", "git", "sudo", "su", "doas", "chmod", "chown", "dd", "shred", "mkfs", "curl", "wget"),
    *("npm", "pnpm", "yarn", "pip", "pip3", "uv", "poetry", "cargo", "gem", "twine", "docker"),
    *("terraform", "alembic", "psql", "mysql", "sqlite3", "aws", "gcloud", "az", "kubectl", "gh"),
    *("ssh", "scp", "nc", "ncat", "eval", "find", "xargs", "env", "bash", "sh", "python3", "node"),
)
_RULES = f'prefix_rule(pattern=[{json.dumps(_ASKED)}], decision="prompt")\n'
# a permission profile that confines nothing, because only with one the adapter both asks and leaves
# its own sandbox out
_PERMISSIONS = """\
default_permissions = "coppice"
approval_policy = "on-request"

[permissions.coppice.filesystem]
":root" = "write"

[permissions.coppice.network]
enabled = true
"""
_ENV = {
    "CODEX_API_KEY": "unused",
    "NO_BROWSER": "1",
    "RUST_LOG": "error",
}


def _json(value: object) -> str:
    return json.dumps(value).replace('"${window}"', "${window}")


def _overrides() -> tuple[str, ...]:
    """Write the configuration as `-c key=value`, whose values are TOML."""
    words = []
    for name, value in _flat(_CONFIG):
        words += ["-c", f"{name}={_json(value)}"]
    return tuple(words)


def _flat(table: dict[str, object], prefix: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for name, value in table.items():
        nested = isinstance(value, dict)
        found += _flat(value, f"{prefix}{name}.") if nested else [(prefix + name, value)]  # type: ignore[arg-type]
    return found


PROFILES = {
    "codex": Profile(
        protocol=AgentProtocol.ACP,
        argv=("${node}", "${agent}/node_modules/@agentclientprotocol/codex-acp/dist/index.js"),
        package=_PACKAGE,
        env={
            **_ENV,
            "CODEX_CONFIG": _json(_CONFIG),
            "MODEL_PROVIDER": "coppice",
            "INITIAL_AGENT_MODE": "permission-profile:coppice",
        },
        files={".codex/rules/coppice.rules": _RULES, ".codex/config.toml": _PERMISSIONS},
        apis=frozenset({Api.RESPONSES}),
        asks=Asks.SOME,
        reports_plan=True,
        reports_usage=True,
    ),
    "codex-headless": Profile(
        protocol=AgentProtocol.HEADLESS,
        argv=(
            *("${node}", "${agent}/node_modules/@openai/codex/bin/codex.js", "exec", "--json"),
            *("--skip-git-repo-check", "--ephemeral", *_overrides(), "-"),
        ),
        package=_PACKAGE,
        env=_ENV,
        apis=frozenset({Api.RESPONSES}),
        reports_plan=True,
        reports_usage=True,
        parser=Parser.CODEX,
    ),
}
