"""React to ``workflow_run`` events: a workflow of the repository ended on a commit of ours."""

from gidgethub.sansio import Event

from bot.runs import Decision
from handlers.ci import checked
from handlers.context import Context
from handlers.payloads import WorkflowRunEvent, read
from handlers.routing import Router

router = Router()


@router.register("workflow_run", action="completed")
async def follow(event: Event, context: Context) -> Decision:
    """Tell the run of the branch."""
    told = read(event, WorkflowRunEvent)
    workflow = told.workflow_run
    return await checked(event, told, context, workflow.head_branch, sha=workflow.head_sha)
