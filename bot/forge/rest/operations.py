"""All operations that the forge offers."""

from bot.forge.rest import (
    apps,
    assignees,
    branches,
    checks,
    comments,
    commits,
    contents,
    deliveries,
    git_data,
    issues,
    labels,
    merges,
    people,
    pulls,
    reactions,
    repositories,
    review_comments,
    reviews,
    statuses,
    suites,
)
from bot.forge.rest.call import all_operations

MODULES = (
    apps,
    assignees,
    branches,
    checks,
    comments,
    commits,
    contents,
    deliveries,
    git_data,
    issues,
    labels,
    merges,
    people,
    pulls,
    reactions,
    repositories,
    review_comments,
    reviews,
    statuses,
    suites,
)
OPERATIONS = all_operations(module.routes for module in MODULES)
