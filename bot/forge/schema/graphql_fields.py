"""What of GitHub's GraphQL schema the forge offers; a field or argument not here does not exist.

Enums, inputs, scalars and payloads that these lead to come along whole.
"""

PAGED = "first last after before"
TEXT = "id databaseId fullDatabaseId author authorAssociation body createdAt updatedAt url"
HIDDEN = "isMinimized minimizedReason viewerCanMinimize"
CONNECTION = "nodes edges pageInfo totalCount"
EDGE = "cursor node"
ACCOUNT = "id databaseId login url avatarUrl(size)"

FIELDS: dict[str, str] = {
    "Query": "node(id) nodes(ids) repository(owner name followRenames) rateLimit viewer",
    "Mutation": (
        "addPullRequestReview addPullRequestReviewThreadReply convertPullRequestToDraft "
        "deletePullRequestReview markPullRequestReadyForReview minimizeComment "
        "resolveReviewThread submitPullRequestReview unminimizeComment unresolveReviewThread"
    ),
    "Node": "id",
    "Actor": "login url avatarUrl(size)",
    "Comment": "id author authorAssociation body createdAt updatedAt",
    "Minimizable": HIDDEN,
    "RepositoryOwner": "id login url avatarUrl(size)",
    "Bot": ACCOUNT,
    "User": f"{ACCOUNT} name",
    "Organization": f"{ACCOUNT} name",
    "RateLimit": "cost limit nodeCount remaining resetAt used",
    "PageInfo": "startCursor endCursor hasNextPage hasPreviousPage",
    "Repository": (
        "id databaseId name nameWithOwner owner url isPrivate isArchived isFork "
        "issue(number) pullRequest(number) issueOrPullRequest(number) viewerPermission"
    ),
    "IssueOrPullRequest": "",
    "Issue": (
        f"{TEXT} lastEditedAt number title state stateReason closed closedAt locked "
        "activeLockReason repository "
        f"labels({PAGED}) comments({PAGED})"
    ),
    "PullRequest": (
        f"{TEXT} number title state closed closedAt merged mergedAt locked activeLockReason "
        "repository isDraft isCrossRepository headRepository headRefName headRefOid "
        "baseRefName baseRefOid mergeable mergeStateStatus maintainerCanModify "
        "additions deletions changedFiles reviewDecision viewerDidAuthor "
        f"labels({PAGED}) comments({PAGED}) reviews({PAGED} states author) "
        f"reviewThreads({PAGED}) closingIssuesReferences({PAGED}) timelineItems({PAGED} itemTypes)"
    ),
    "PullRequestTimelineItems": "",
    "ReferencedSubject": "",
    "CrossReferencedEvent": (
        "id actor createdAt referencedAt isCrossRepository source target url willCloseTarget"
    ),
    "IssueComment": f"{TEXT} {HIDDEN} issue pullRequest repository viewerDidAuthor",
    "PullRequestReview": (
        f"{TEXT} {HIDDEN} state submittedAt commit pullRequest repository comments({PAGED}) "
        "viewerDidAuthor"
    ),
    "PullRequestReviewComment": (
        f"{TEXT} {HIDDEN} state path diffHunk line startLine originalLine originalStartLine "
        "position originalPosition outdated subjectType commit originalCommit replyTo "
        "pullRequest pullRequestReview repository viewerDidAuthor"
    ),
    "PullRequestReviewThread": (
        "id path line startLine originalLine originalStartLine diffSide startDiffSide subjectType "
        "isResolved isOutdated isCollapsed resolvedBy pullRequest repository "
        f"comments({PAGED}) viewerCanReply viewerCanResolve viewerCanUnresolve"
    ),
    "Commit": "id oid abbreviatedOid url",
    "Label": "id name color description",
    **dict.fromkeys(
        (
            "IssueConnection",
            "IssueCommentConnection",
            "LabelConnection",
            "PullRequestReviewConnection",
            "PullRequestReviewCommentConnection",
            "PullRequestReviewThreadConnection",
        ),
        CONNECTION,
    ),
    "PullRequestTimelineItemsConnection": f"{CONNECTION} filteredCount",
    **dict.fromkeys(
        (
            "IssueEdge",
            "IssueCommentEdge",
            "LabelEdge",
            "PullRequestReviewEdge",
            "PullRequestReviewCommentEdge",
            "PullRequestReviewThreadEdge",
            "PullRequestTimelineItemsEdge",
        ),
        EDGE,
    ),
    "AddPullRequestReviewPayload": "clientMutationId pullRequestReview",
    "AddPullRequestReviewThreadReplyPayload": "clientMutationId comment",
    "ConvertPullRequestToDraftPayload": "clientMutationId pullRequest",
    "DeletePullRequestReviewPayload": "clientMutationId pullRequestReview",
    "MarkPullRequestReadyForReviewPayload": "clientMutationId pullRequest",
    "MinimizeCommentPayload": "clientMutationId minimizedComment",
    "ResolveReviewThreadPayload": "clientMutationId thread",
    "SubmitPullRequestReviewPayload": "clientMutationId pullRequestReview",
    "UnminimizeCommentPayload": "clientMutationId unminimizedComment",
    "UnresolveReviewThreadPayload": "clientMutationId thread",
}
