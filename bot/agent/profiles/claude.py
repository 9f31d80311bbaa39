"""Anthropic's Claude Code, by its ACP adapter and by `claude -p`."""

from bot.agent.profiles.profile import OUTPUT, AgentProtocol, Package, Parser, Profile
from bot.agent.runtime import Api, Asks

_PACKAGE = Package(
    folder="claude",
    name="@agentclientprotocol/claude-agent-acp",
    version="0.100.0",
    licence="Apache-2.0; the Claude Code in it: Anthropic's terms, all rights reserved",
)
_CLAUDE = "${agent}/node_modules/@anthropic-ai/claude-agent-sdk-${platform}/claude"
_ENV = {
    "ANTHROPIC_BASE_URL": "${url}",
    "ANTHROPIC_AUTH_TOKEN": "unused",
    "ANTHROPIC_MODEL": "${model}",
    "ANTHROPIC_SMALL_FAST_MODEL": "${model}",
    "ANTHROPIC_DEFAULT_HAIKU_MODEL": "${model}",
    "ANTHROPIC_DEFAULT_SONNET_MODEL": "${model}",
    "ANTHROPIC_DEFAULT_OPUS_MODEL": "${model}",
    "CLAUDE_CODE_SUBAGENT_MODEL": "${model}",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_ENABLE_PROMPT_SUGGESTION": "false",
    "CLAUDE_CODE_MAX_OUTPUT_TOKENS": str(OUTPUT),
    "CLAUDE_CODE_MAX_RETRIES": "2",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "IS_SANDBOX": "1",
}
_QUIET = '{"hasCompletedOnboarding": true, "autoUpdates": false}\n'

PROFILES = {
    "claude": Profile(
        protocol=AgentProtocol.ACP,
        argv=(
            "${node}",
            "${agent}/node_modules/@agentclientprotocol/claude-agent-acp/dist/index.js",
        ),
        package=_PACKAGE,
        env=_ENV,
        files={".claude.json": _QUIET},
        apis=frozenset({Api.MESSAGES}),
        asks=Asks.SOME,
        reports_plan=True,
        reports_usage=True,
        mode="default",
        session={
            "claudeCode": {"options": {"settingSources": ["user"], "strictMcpConfig": True}},
        },
    ),
    "claude-headless": Profile(
        protocol=AgentProtocol.HEADLESS,
        argv=(
            *(_CLAUDE, "-p", "--output-format", "stream-json", "--verbose"),
            *("--setting-sources", "user", "--strict-mcp-config"),
            *("--permission-mode", "bypassPermissions", "--no-session-persistence"),
        ),
        package=_PACKAGE,
        env=_ENV,
        files={".claude.json": _QUIET},
        apis=frozenset({Api.MESSAGES}),
        reports_plan=True,
        reports_usage=True,
        parser=Parser.CLAUDE,
    ),
}
