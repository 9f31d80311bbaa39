"""What a stage hands on."""

import os

from bot.pipeline.ports import StageResult
from bot.runs import CommandResult, RunError, StageStatus


def test_a_result_is_text_whatever_bytes_a_path_has() -> None:
    """Neither a database nor GitHub takes halves of a character, which git and agents may give."""
    path = os.fsdecode(b"lat\xff/f")
    command = CommandResult(name="t", command="true", exit_code=0, seconds=0.5, output="\ud800")
    result = StageResult(
        status=StageStatus.FAILED,
        summary=f"`{path}`: no",
        error=RunError(stage="rules", kind="rules:path", message=f"`{path}`: \U0001f600"),
        commands=(command,),
        data={"violations": [["path", path, None]], path: 1},
    )

    readable = result.readable()

    assert readable.summary == "`lat\ufffd/f`: no"
    assert readable.error == RunError(
        stage="rules", kind="rules:path", message="`lat\ufffd/f`: \U0001f600"
    )
    assert readable.commands == (command.model_copy(update={"output": "\ufffd"}),)
    assert readable.data == {"violations": [["path", "lat\ufffd/f", None]], "lat\ufffd/f": 1}
    assert readable.model_dump_json()
