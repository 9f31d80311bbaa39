"""Fill the prompts of `prompts/stages` with the facts of a run."""

from pathlib import Path

from bot.pipeline import snapshots
from bot.pipeline.ports import Attempt

PROMPTS = Path(__file__).resolve().parents[2] / "prompts" / "stages"


def implement(attempt: Attempt, files: Path) -> str:
    """The task of one attempt: the frozen issue, the commands that judge, why it was sent back."""
    run, snapshot = attempt.run, snapshots.read(files)
    commands = "\n".join(f"- {name}: `{text}`" for name, text in attempt.config.verify.items())
    comments = "\n".join(f"{c.author}, {c.at}:\n{c.text}\n" for c in snapshot.comments)
    return (
        (PROMPTS / "implement.md")
        .read_text()
        .format(
            repository=run.repository.full_name,
            issue=run.issue,
            title=snapshot.title,
            body=snapshot.body + (f"\n\nGoal: {snapshot.goal}" if snapshot.goal else ""),
            comments=comments or "(none)",
            commands=commands or "- (none are configured)",
            feedback=f"The attempt before was sent back:\n{attempt.feedback}"
            if attempt.feedback
            else "",
        )
    )
