"""What the forge keeps besides git, as plain mutable records; times are GitHub's ISO strings."""

from bot.forge.records.checks import CheckRun, CheckSuite, Status
from bot.forge.records.deliveries import Delivery, Write
from bot.forge.records.issues import Comment, Issue, Label, Reaction, TimelineEvent
from bot.forge.records.json import Json
from bot.forge.records.people import App, Hook, Installation, Role, Token, User
from bot.forge.records.pulls import PullRequest, Review, ReviewComment
from bot.forge.records.repositories import Protection, Repository

__all__ = [
    "App",
    "CheckRun",
    "CheckSuite",
    "Comment",
    "Delivery",
    "Hook",
    "Installation",
    "Issue",
    "Json",
    "Label",
    "Protection",
    "PullRequest",
    "Reaction",
    "Repository",
    "Review",
    "ReviewComment",
    "Role",
    "Status",
    "TimelineEvent",
    "Token",
    "User",
    "Write",
]
