"""Every GraphQL document that Coppice sends: reads first, then what changes something."""

THREADS = """
query Threads($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 50, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id isResolved isOutdated path line startLine originalLine originalStartLine diffSide
          comments(first: 50) {
            nodes {
              id databaseId body createdAt diffHunk state
              author { login __typename ... on User { databaseId } ... on Bot { databaseId } }
              pullRequestReview { id databaseId state }
            }
          }
        }
      }
    }
  }
}
"""

PULL_REQUEST = """
query PullRequest($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      id isDraft state
      reviews(last: 100) {
        nodes {
          id databaseId body state viewerDidAuthor
          author { login __typename ... on User { databaseId } ... on Bot { databaseId } }
        }
      }
    }
  }
}
"""

EDITED = """
query Edited($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    issue(number: $number) { lastEditedAt }
  }
}
"""

MINIMISED = """
query Minimised($id: ID!) {
  node(id: $id) { ... on Minimizable { isMinimized } }
}
"""

RESOLVED = """
query Resolved($id: ID!) {
  node(id: $id) { ... on PullRequestReviewThread { isResolved } }
}
"""

RESOLVE = """
mutation Resolve($id: ID!) {
  resolveReviewThread(input: {threadId: $id}) { thread { id isResolved } }
}
"""

MINIMISE = """
mutation Minimise($id: ID!, $why: ReportedContentClassifiers!) {
  minimizeComment(input: {subjectId: $id, classifier: $why}) {
    minimizedComment { isMinimized }
  }
}
"""

READY = """
mutation Ready($id: ID!) {
  markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { id isDraft } }
}
"""

DRAFT_REVIEW = """
mutation DraftReview($input: AddPullRequestReviewInput!) {
  addPullRequestReview(input: $input) { pullRequestReview { id databaseId url } }
}
"""


def review(replies: int, *, submit: bool) -> str:
    """Fill our pending review with so many replies and submit it: all in one request, in order."""
    inputs = "".join(f", $reply{n}: AddPullRequestReviewThreadReplyInput!" for n in range(replies))
    fields = [
        f"  reply{n}: addPullRequestReviewThreadReply(input: $reply{n}) {{ comment {{ id }} }}"
        for n in range(replies)
    ]
    if submit:
        fields.append(
            "  submit: submitPullRequestReview(input: $review) {"
            " pullRequestReview { id databaseId url state } }"
        )
        inputs = f", $review: SubmitPullRequestReviewInput!{inputs}"
    return f"mutation Review({inputs.lstrip(', ')}) {{\n{chr(10).join(fields)}\n}}\n"
