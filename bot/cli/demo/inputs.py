"""What the demo writes into its state directory for the service: scripts and configuration."""

from pathlib import Path

import yaml

from bot.cli.demo.options import Options
from bot.cli.demo.story import FOLDER
from bot.cli.issue_file import DEFAULT_TITLE, Issue


def write_issue(issue: Issue | None, path: Path) -> Path:
    """Write what the forge is to open on somebody's own repository."""
    text = f"# {issue.title}\n\n{issue.body}\n" if issue else f"# {DEFAULT_TITLE}\n"
    path.write_text(text, encoding="utf-8")
    return path


def write_scripts(options: Options, folder: Path) -> Path | None:
    """Write the patches as the scripted agent's attempts; None: the packaged scripts apply.

    Somebody else's repository never gets the packaged ones, which belong to the demo's issues.
    """
    if options.acted:
        return FOLDER / str(options.story)
    if not options.patches and options.repo is None:
        return None
    folder.mkdir()
    for patch in options.patches:
        (folder / patch.name).write_bytes(patch.data)
    return folder


def write_script(options: Options, folder: Path, issue: int) -> None:
    """Say that these patches are the attempts at this issue."""
    if options.patches:
        attempts = [[{"diff": patch.name}] for patch in options.patches]
        (folder / f"{issue}.yaml").write_text(yaml.safe_dump({"attempts": attempts}))


def write_configuration(options: Options, path: Path) -> Path | None:
    """Write the commands as a repository configuration; None: the repository's own applies."""
    if options.acted:
        return FOLDER / str(options.story) / "coppice.yml"
    if not options.verify:
        return None
    chosen: dict[str, object] = {"verify": options.verify}
    if options.once:
        chosen["gate"] = "never"  # nobody is there to approve a plan
    path.write_text(yaml.safe_dump(chosen, sort_keys=False))
    return path
