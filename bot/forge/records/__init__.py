"""What the forge keeps besides git, as plain mutable records; times are GitHub's ISO strings."""

from bot.forge.records.actions import Job, Workflow, WorkflowRun
from bot.forge.records.checks import CheckRun, CheckSuite, Status
from bot.forge.records.ci import JobScript, Script
from bot.forge.records.deliveries import Delivery, Read, Write
from bot.forge.records.issues import Comment, Issue, Label, Reaction, TimelineEvent
from bot.forge.records.json import Json
from bot.forge.records.people import App, Hook, Installation, Role, Token, User
from bot.forge.records.pulls import PullRequest, Review, ReviewComment, ReviewThread, Spot
from bot.forge.records.repositories import Protection, Repository
from bot.forge.records.teams import Team

__all__ = [
    "App",
    "CheckRun",
    "CheckSuite",
    "Comment",
    "Delivery",
    "Hook",
    "Installation",
    "Issue",
    "Job",
    "JobScript",
    "Json",
    "Label",
    "Protection",
    "PullRequest",
    "Reaction",
    "Read",
    "Repository",
    "Review",
    "ReviewComment",
    "ReviewThread",
    "Role",
    "Script",
    "Spot",
    "Status",
    "Team",
    "TimelineEvent",
    "Token",
    "User",
    "Workflow",
    "WorkflowRun",
    "Write",
]
