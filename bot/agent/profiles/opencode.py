"""opencode, by `opencode acp` and by `opencode run`."""

import json

from bot.agent.profiles.profile import OUTPUT, AgentProtocol, Package, Parser, Profile
from bot.agent.runtime import Api, Asks

_PACKAGE = Package(
    folder="opencode",
    name="opencode-linux-x64",
    version="1.18.33",
    licence="MIT",
)
_OPENCODE = "${agent}/node_modules/opencode-linux-x64/bin/opencode"
_LIMIT = {"context": "${window}", "output": OUTPUT}
_MODEL = {"name": "${model}", "tool_call": True, "limit": _LIMIT}
_PROVIDER = {
    "npm": "@ai-sdk/openai-compatible",
    "name": "Coppice",
    "options": {"baseURL": "${url}/v1", "apiKey": "unused"},
    "models": {"${model}": _MODEL},
}


def _env(permission: str) -> dict[str, str]:
    config = {
        "model": "coppice/${model}",
        "small_model": "coppice/${model}",
        "provider": {"coppice": _PROVIDER},
        "enabled_providers": ["coppice"],
        "permission": {
            "edit": permission,
            "bash": permission,
            "webfetch": "deny",
            "external_directory": "deny",
        },
        "autoupdate": False,
        "share": "disabled",
        "snapshot": False,
        "lsp": False,
        "formatter": False,
    }
    disabled = (
        *("PROJECT_CONFIG", "MODELS_FETCH", "AUTOUPDATE", "SHARE", "LSP_DOWNLOAD"),
        *("CLAUDE_CODE", "EXTERNAL_SKILLS", "DEFAULT_PLUGINS", "TERMINAL_TITLE"),
    )
    return {
        "OPENCODE_CONFIG_CONTENT": json.dumps(config).replace('"${window}"', "${window}"),
        "OPENCODE_PURE": "1",
        **{f"OPENCODE_DISABLE_{name}": "1" for name in disabled},
    }


PROFILES = {
    "opencode": Profile(
        protocol=AgentProtocol.ACP,
        argv=(_OPENCODE, "acp"),
        package=_PACKAGE,
        env=_env("ask"),
        apis=frozenset({Api.CHAT}),
        asks=Asks.ALL,
        reports_plan=True,
        reports_usage=True,
    ),
    "opencode-headless": Profile(
        protocol=AgentProtocol.HEADLESS,
        argv=(_OPENCODE, "run", "--format", "json"),
        package=_PACKAGE,
        env=_env("allow"),
        apis=frozenset({Api.CHAT}),
        reports_usage=True,
        parser=Parser.OPENCODE,
    ),
}
