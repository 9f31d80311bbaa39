"""The vocabulary of Coppice as types: runs, stages, messages, decisions and effects.

Everything here is plain data that can be written as JSON; nothing does I/O. Values of the enums are
the words that GitHub, the database and ``coppice runs --json`` show.
"""

from bot.runs.decisions import Decision, DecisionKind, ignore
from bot.runs.effects import (
    Applied,
    Button,
    CheckRun,
    Comment,
    DeleteBranch,
    Effect,
    PullRequest,
    Push,
    React,
)
from bot.runs.messages import Again, Message, MessageKind, Start, Tell
from bot.runs.plan import Check, FileAction, Plan, PlannedFile, Step
from bot.runs.record import Json, Record
from bot.runs.run import (
    Ending,
    Options,
    Person,
    RepositoryRef,
    Run,
    RunError,
    Stop,
    Trigger,
    Work,
    branch_name,
    run_id,
)
from bot.runs.spending import Budget, Spend
from bot.runs.stage import CommandResult, RunEvent, StageRecord
from bot.runs.status import (
    ENDED,
    LIVING,
    OVER,
    Permission,
    Publish,
    RunStatus,
    StageKind,
    StageStatus,
)

__all__ = [
    "ENDED",
    "LIVING",
    "OVER",
    "Again",
    "Applied",
    "Budget",
    "Button",
    "Check",
    "CheckRun",
    "CommandResult",
    "Comment",
    "Decision",
    "DecisionKind",
    "DeleteBranch",
    "Effect",
    "Ending",
    "FileAction",
    "Json",
    "Message",
    "MessageKind",
    "Options",
    "Permission",
    "Person",
    "Plan",
    "PlannedFile",
    "Publish",
    "PullRequest",
    "Push",
    "React",
    "Record",
    "RepositoryRef",
    "Run",
    "RunError",
    "RunEvent",
    "RunStatus",
    "Spend",
    "StageKind",
    "StageRecord",
    "StageStatus",
    "Start",
    "Step",
    "Stop",
    "Tell",
    "Trigger",
    "Work",
    "branch_name",
    "ignore",
    "run_id",
]
