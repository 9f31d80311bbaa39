"""Every kind of effect, and the module that knows how it is keyed and written."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.github.effects import (
    check_run,
    close_pull_request,
    comment,
    define_label,
    delete_branch,
    draft_review,
    grow,
    label,
    minimise,
    post_review,
    pull_request,
    push,
    react,
    ready,
    request_review,
    rerun,
    resolve_thread,
    review,
)
from bot.github.effects.call import Call, Declaration
from bot.runs import Applied


@dataclass(frozen=True, slots=True)
class Kind:
    """The module of one kind of effect."""

    declaration: Declaration
    key: Callable[[Any, str], str]
    apply: Callable[[Call, Any], Awaitable[Applied]]


_MODULES: tuple[Any, ...] = (
    react,
    comment,
    minimise,
    check_run,
    rerun,
    define_label,
    label,
    push,
    grow,
    delete_branch,
    pull_request,
    ready,
    request_review,
    close_pull_request,
    draft_review,
    review,
    post_review,
    resolve_thread,
)
KINDS = {
    module.__name__.rpartition(".")[2]: Kind(module.DECLARATION, module.key, module.apply)
    for module in _MODULES
}
