"""Google's Gemini CLI, by `gemini --acp` and by `gemini -p`."""

import json

from bot.agent.profiles.profile import AgentProtocol, Package, Parser, Profile
from bot.agent.runtime import Api, Asks

_PACKAGE = Package(
    folder="gemini",
    name="@google/gemini-cli",
    version="0.61.0",
    licence="Apache-2.0",
)
_GEMINI = ("${node}", "${agent}/node_modules/@google/gemini-cli/bundle/gemini.js")
_SETTINGS = {
    "general": {"disableAutoUpdate": True, "disableUpdateNag": True, "checkpointing": {}},
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
    "security": {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": {"enabled": True}},
    "context": {"loadMemoryFromIncludeDirectories": False},
    "tools": {"sandbox": False},
    "mcp": {"allowed": []},
    "ide": {"enabled": False},
}
_ENV = {
    "GEMINI_API_KEY": "unused",
    "GOOGLE_GEMINI_BASE_URL": "${url}",
    "GEMINI_MODEL": "${model}",
    "GEMINI_CLI_NO_RELAUNCH": "true",
    "NO_BROWSER": "true",
}

PROFILES = {
    "gemini": Profile(
        protocol=AgentProtocol.ACP,
        argv=(*_GEMINI, "--acp", "--model", "${model}"),
        package=_PACKAGE,
        env=_ENV,
        files={".gemini/settings.json": json.dumps(_SETTINGS)},
        apis=frozenset({Api.GENERATE}),
        asks=Asks.SOME,
        authenticate="gemini-api-key",
        hides=(".env",),
    ),
    "gemini-headless": Profile(
        protocol=AgentProtocol.HEADLESS,
        argv=(
            *(*_GEMINI, "--model", "${model}", "--output-format", "stream-json"),
            *("--approval-mode", "yolo", "--skip-trust"),
        ),
        package=_PACKAGE,
        env=_ENV,
        files={".gemini/settings.json": json.dumps(_SETTINGS)},
        apis=frozenset({Api.GENERATE}),
        reports_usage=True,
        parser=Parser.GEMINI,
        hides=(".env",),
    ),
}
