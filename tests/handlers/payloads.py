"""Payloads as GitHub sends them, cut to what is read; `test_payloads` holds them to the schema."""

from typing import Any

USERS = {
    name: {"id": number, "login": name, "type": "User"}
    for number, name in enumerate(("ana", "raj", "eve"), start=1)
}
APP_USER = {"id": 101, "login": "coppice[bot]", "type": "Bot"}
OTHER_BOT = {"id": 900, "login": "helper", "type": "Bot"}
LISTED_BOT = {"id": 902, "login": "listed", "type": "Bot"}
IMPOSTOR = {"id": 901, "login": "coppice[bot]", "type": "User"}
EVERY_USER = {
    **USERS,
    "app": APP_USER,
    "bot": OTHER_BOT,
    "listed": LISTED_BOT,
    "impostor": IMPOSTOR,
}

REPOSITORY = {"id": 77, "full_name": "acme/shop", "archived": False}


def where(by: str, **repository: Any) -> dict[str, Any]:
    return {
        "repository": {**REPOSITORY, **repository},
        "sender": EVERY_USER[by],
        "installation": {"id": 5},
    }


def issue(**changes: Any) -> dict[str, Any]:
    return {
        "number": 7,
        "title": "Parsing nothing fails",
        "body": "`parse('')` raises",
        "state": "open",
        "updated_at": "2026-01-01T00:00:00Z",
        **changes,
    }


def labeled(label: str = "coppice", by: str = "ana", **changes: Any) -> dict[str, Any]:
    return {"action": "labeled", "label": {"name": label}, "issue": issue(**changes), **where(by)}


def unlabeled(label: str = "coppice", by: str = "ana") -> dict[str, Any]:
    return {**labeled(label, by), "action": "unlabeled"}


def gone(action: str, by: str = "ana") -> dict[str, Any]:
    """An issue that was closed, deleted or transferred."""
    return {"action": action, "issue": issue(state="closed"), **where(by)}


def commented(body: str, by: str = "ana", **changes: Any) -> dict[str, Any]:
    comment = {
        "id": 881,
        "html_url": "https://h/c/881",
        "user": EVERY_USER[by],
        "body": body,
        "created_at": "2026-01-01T00:00:00Z",
    }
    return {"action": "created", "comment": comment, "issue": issue(**changes), **where(by)}


def on_pull_request(body: str, by: str = "ana", **changes: Any) -> dict[str, Any]:
    return commented(body, by, number=12, pull_request={"url": "https://h/12"}, **changes)


def closed_pull_request(*, merged: bool, by: str = "ana") -> dict[str, Any]:
    return {
        "action": "closed",
        "pull_request": {"number": 12, "merged": merged},
        **where(by),
    }


def deleted_branch(branch: str, by: str = "ana") -> dict[str, Any]:
    return {"ref": f"refs/heads/{branch}", "deleted": True, **where(by)}


def check_run(
    action: str,
    by: str = "ana",
    *,
    button: str | None = None,
    name: str = "Coppice",
    external_id: str = "a1b2c3d4e5f6/run-0/abc",
    app_id: int = 100,
) -> dict[str, Any]:
    payload = {
        "action": action,
        "check_run": {"name": name, "app": {"id": app_id}, "external_id": external_id},
        **where(by),
    }
    return {**payload, "requested_action": {"identifier": button}} if button else payload


def check_suite(
    branch: str | None, by: str = "ana", app_id: int = 100, **more: Any
) -> dict[str, Any]:
    suite = {"app": {"id": app_id}, "head_branch": branch, **more}
    return {"action": "rerequested", "check_suite": suite, **where(by)}


def installation(action: str, **more: Any) -> dict[str, Any]:
    return {"action": action, "installation": {"id": 5}, "sender": USERS["ana"], **more}


def repository(action: str) -> dict[str, Any]:
    return {"action": action, **where("ana")}


def review(state: str = "changes_requested", by: str = "ana", body: str = "x") -> dict[str, Any]:
    said = {"id": 55, "state": state, "user": EVERY_USER[by], "body": body}
    return {
        "action": "submitted",
        "review": {**said, "html_url": "https://h/r/55"},
        "pull_request": {"number": 12},
        **where(by),
    }


def review_comment(by: str = "ana", body: str = "x") -> dict[str, Any]:
    comment = {
        "id": 66,
        "user": EVERY_USER[by],
        "pull_request_review_id": 55,
        "html_url": "https://h/c/66",
        "body": body,
    }
    return {
        "action": "created",
        "comment": comment,
        "pull_request": {"number": 12},
        **where(by),
    }


def ticked(before: str, after: str, by: str = "ana", author: str = "app") -> dict[str, Any]:
    """An edit of a comment, as GitHub tells of it."""
    told = commented(after, author)
    return {**told, "action": "edited", "changes": {"body": {"from": before}}, **where(by)}


def pushed(branch: str, by: str = "ana") -> dict[str, Any]:
    return {"ref": f"refs/heads/{branch}", "after": "b" * 40, "deleted": False, **where(by)}


def ci(event: str, by: str = "bot") -> dict[str, Any]:
    """CI of another app that ended on the branch of run a1b2c3."""
    branch, sha = "coppice/7-a1b2c3", "c" * 40
    told: dict[str, Any] = {
        "check_suite": {"app": {"id": 900}, "head_branch": branch, "head_sha": sha},
        "workflow_run": {"head_branch": branch, "head_sha": sha},
    }
    if event == "status":
        holding = [{"name": "main"}, {"name": branch}]
        return {"sha": sha, "state": "failure", "branches": holding, **where(by)}
    return {"action": "completed", event: told[event], **where(by)}
