"""`coppice try ISSUE_URL`: a real issue, the whole way, with nothing written to GitHub."""

from bot.cli.trial.play import run

__all__ = ["run"]
