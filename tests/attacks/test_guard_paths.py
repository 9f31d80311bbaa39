"""Rows 4, 5, 14, 15 and 17: paths that run, rule or hide something (`security.md`)."""

import pytest

from bot.guard.paths import protected, unsafe


@pytest.mark.parametrize(
    "path",
    [
        ".git",
        ".git/config",
        "a/b/.git/hooks/pre-commit",
        ".GIT/config",
        ".Git/hooks/x",
        "git~1/config",
        "GIT~1/config",
        "git~12/x",
        ".git /config",
        ".git./config",
        ".git. . /config",
        ".git::$INDEX_ALLOCATION/config",
        ".git:x/config",
        ".g\u200cit/config",
        ".gi\u200dt/config",
        ".git\ufeff/config",
        ".g\u00adit/config",
        "\u202e.git/config",
        ".\uff47it/config",
        "..\\..\\x",
        "a\\.git\\config",
        "C:/Windows/x",
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a/./b",
        "a//b",
        ". /x",
        ".. /x",
        "a\x00b",
        "a\nb",
        "a\x1b[31m",
        "a\udcffb",
        "a\u202ecod.exe",
        "",
    ],
)
def test_a_path_that_leaves_the_tree_or_reaches_git_is_unsafe(path: str) -> None:
    assert unsafe(path) is not None


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/ci.yml",
        ".GitHub/Workflows/ci.yml",
        ".github/actions/setup/action.yml",
        ".github/coppice.yml",
        ".github/coppice.yaml",
        "CODEOWNERS",
        ".github/CODEOWNERS",
        "docs/codeowners",
        ".gitmodules",
        "a/.gitmodules",
        "gitmod~1",
        "gi7eba~1",
        ".gitmodule\u200ds",
        ".claude/settings.json",
        "packages/a/.claude/settings.local.json",
        ".Claude/settings.json",
        ".gemini/settings.json",
        ".cursor/mcp.json",
        ".mcp.json",
        "opencode.json",
        "app/opencode.jsonc",
        ".agents/skills/x/SKILL.md",
        ".cursorrules",
        ".zed/tasks.json",
        ".vscode/tasks.json",
        "app/.vscode/settings.json",
        ".idea/workspace.xml",
        ".devcontainer/devcontainer.json",
        ".devcontainer.json",
        ".husky/pre-commit",
        ".githooks/pre-push",
    ],
)
def test_a_path_that_runs_or_rules_elsewhere_is_protected(path: str) -> None:
    assert protected(path) is not None
