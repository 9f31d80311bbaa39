"""The forge's whole state: who and what exists, ids, clock; looked up and made only here."""

import base64
import hashlib
import itertools
import secrets
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from bot.forge.records import (
    App,
    Comment,
    Delivery,
    Installation,
    Issue,
    Label,
    PullRequest,
    Read,
    Repository,
    Role,
    Team,
    Token,
    User,
    Write,
)

READS = 20_000  # the newest calls that asked are remembered


def iso(seconds: float) -> str:
    """Write a moment as GitHub does: UTC, whole seconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def node_id(kind: str, number: int) -> str:
    return base64.b64encode(f"{kind}{number}".encode()).decode()


class State:
    """In memory for one start of the forge; git lies under ``directory/repositories``."""

    def __init__(self, directory: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.directory = directory
        self.clock = clock
        self.ahead = 0.0
        """How far the clock was put forward; what the world outside signs is of its own time."""
        self.api_url = ""
        self.html_url = ""
        self.users: dict[str, User] = {}
        """By lower-case login."""
        self.people: dict[str, User] = {}
        """The seeded roles: maintainer, triager, reader, stranger."""
        self.repositories: dict[int, Repository] = {}
        self.names: dict[str, int] = {}
        """Lower-case full name: repository id."""
        self.moved: dict[str, int] = {}
        """The same for former names, which redirect."""
        self.teams: dict[tuple[int, str], Team] = {}
        """By the organisation's id and the slug."""
        self.apps: dict[int, App] = {}
        self.installations: dict[int, Installation] = {}
        self.tokens: dict[str, Token] = {}
        self.comments: dict[int, Comment] = {}
        self.deliveries: list[Delivery] = []
        self.writes: list[Write] = []
        self.reads: deque[Read] = deque(maxlen=READS)
        self.violations: list[str] = []
        """Answers and events that do not fit GitHub's description: bugs of the forge."""
        self.actions_app: App | None = None
        """`github-actions`, once a workflow has run; it has no key and no installation."""
        self.texts: dict[str, tuple[str, float | None]] = {}
        """Logs behind an address that nobody can guess, and until when; None: for good."""
        self.fresh_token_seconds = 0.0
        """How long a new installation token answers 401."""
        self._ids = itertools.count(1001)

    def new_id(self) -> int:
        return next(self._ids)

    def advance(self, seconds: float) -> None:
        """Put the clock forward: limits, tokens, the delivery log and all times go with it."""
        before = self.clock
        self.clock = lambda: before() + seconds
        self.ahead += seconds

    def now(self) -> str:
        return iso(self.clock())

    # --- people ---------------------------------------------------------------------------------

    def add_user(self, login: str, *, type: str = "User", name: str | None = None) -> User:
        user = User(id=self.new_id(), login=login, type=type, name=name, created_at=self.now())
        self.users[login.lower()] = user
        return user

    def user(self, login: str) -> User | None:
        return self.users.get(login.lower())

    def add_token(self, user: User) -> Token:
        """Make a user's own token; it does not expire."""
        return self.keep(Token(value=f"ghp_{secrets.token_hex(18)}", user=user))

    def keep(self, token: Token) -> Token:
        self.tokens[token.value] = token
        return token

    def token_of(self, user: User) -> str:
        """A user's own token (pages act as people with it)."""
        for token in self.tokens.values():
            if token.user is user and token.installation is None:
                return token.value
        return self.add_token(user).value

    # --- repositories ---------------------------------------------------------------------------

    def add_repository(
        self,
        owner: User,
        name: str,
        *,
        private: bool = False,
        description: str | None = None,
        default_branch: str = "main",
    ) -> Repository:
        """Register a repository; the caller makes the git repository at its ``path``."""
        now = self.now()
        repository = Repository(
            id=self.new_id(),
            owner=owner,
            name=name,
            path=self.directory / "repositories" / owner.login / f"{name}.git",
            private=private,
            description=description,
            default_branch=default_branch,
            created_at=now,
            updated_at=now,
            pushed_at=now,
        )
        self.repositories[repository.id] = repository
        self.names[repository.full_name.lower()] = repository.id
        self.moved.pop(repository.full_name.lower(), None)
        return repository

    def repository(self, full_name: str) -> Repository | None:
        """Find a repository by its present name (not by a former one: see ``moved``)."""
        return self.repositories.get(self.names.get(full_name.lower(), 0))

    def rename_repository(self, repository: Repository, owner: User, name: str) -> None:
        """Give it another name or owner; the old name redirects from now on."""
        old = repository.full_name.lower()
        target = self.directory / "repositories" / owner.login / f"{name}.git"
        target.parent.mkdir(parents=True, exist_ok=True)
        if repository.path.exists():
            repository.path.rename(target)
        repository.owner, repository.name, repository.path = owner, name, target
        self.names.pop(old, None)
        self.moved[old] = repository.id
        self.names[repository.full_name.lower()] = repository.id
        self.moved.pop(repository.full_name.lower(), None)

    def forget_repository(self, repository: Repository) -> None:
        """Delete it, its git repository too; pull requests from it stay without a head."""
        for other in self.repositories.values():
            for pull in other.pulls:
                if pull.head_repository is repository:
                    pull.head_repository = None
        self.names.pop(repository.full_name.lower(), None)
        del self.repositories[repository.id]
        shutil.rmtree(repository.path, ignore_errors=True)

    def role(self, repository: Repository, user: User) -> Role:
        """A person's access; everybody reads a public repository."""
        if user is repository.owner:
            return Role.ADMIN
        given = repository.roles.get(user.id, Role.NONE)
        if given is Role.NONE and not repository.private:
            return Role.READ
        return given

    # --- issues ---------------------------------------------------------------------------------

    def next_number(self, repository: Repository) -> int:
        """Issues and pull requests share one number space; a number never comes back."""
        repository.last_number += 1
        return repository.last_number

    def add_label(
        self,
        repository: Repository,
        name: str,
        color: str = "ededed",
        description: str | None = None,
    ) -> Label:
        label = Label(id=self.new_id(), name=name, color=color, description=description)
        repository.labels[name.lower()] = label
        return label

    def add_issue(
        self,
        repository: Repository,
        user: User | None,
        title: str,
        body: str | None,
        *,
        app: App | None = None,
    ) -> Issue:
        now = self.now()
        issue = Issue(
            id=self.new_id(),
            number=self.next_number(repository),
            repository=repository,
            user=user,
            title=title,
            body=body,
            app=app,
            created_at=now,
            updated_at=now,
        )
        repository.issues[issue.number] = issue
        return issue

    def add_comment(
        self, issue: Issue, user: User | None, body: str, *, app: App | None = None
    ) -> Comment:
        now = self.now()
        comment = Comment(
            id=self.new_id(),
            issue=issue,
            user=user,
            body=body,
            app=app,
            created_at=now,
            updated_at=now,
        )
        issue.comments.append(comment)
        issue.updated_at = now
        self.comments[comment.id] = comment
        return comment

    def pulls_of_head(self, repository: Repository, ref: str) -> Iterator[PullRequest]:
        """Open pull requests, in any repository, whose head is this branch."""
        for other in self.repositories.values():
            for pull in other.pulls:
                if (
                    pull.head_repository is repository
                    and pull.head_ref == ref
                    and pull.issue.state == "open"
                ):
                    yield pull

    def record(self, actor: str, method: str, path: str, status: int, sent: bytes = b"") -> None:
        """Note a call that changed something."""
        self.writes.append(
            Write(
                n=len(self.writes) + 1,
                at=self.clock(),
                actor=actor,
                method=method,
                path=path,
                status=status,
                digest=hashlib.sha256(sent).hexdigest()[:16],
            )
        )

    # --- apps -----------------------------------------------------------------------------------

    def installation_for(self, repository: Repository, app: App) -> Installation | None:
        for installation in self.installations.values():
            if installation.app is app and installation.covers(repository):
                return installation
        return None

    def install(
        self, app: App, account: User, repository_ids: set[int] | None = None
    ) -> Installation:
        """Install an App with all the permissions and events that it asks for."""
        now = self.now()
        installation = Installation(
            id=self.new_id(),
            app=app,
            account=account,
            permissions=dict(app.permissions),
            events=list(app.events),
            repository_ids=repository_ids,
            created_at=now,
            updated_at=now,
        )
        self.installations[installation.id] = installation
        return installation
