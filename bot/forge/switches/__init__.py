"""What tests and demos can switch about the world, where GitHub has no operation for it or needs
an administrator: `POST /_forge/switch` {switch, …}.

- `fresh_token_lag` {seconds}: a new installation token answers 401 for so long
- `expire_tokens`: all installation tokens are over now
- `replace_key`: the App has a new private key, which lies in its file; the old one is void
- `limits` {hourly, content_minute, content_hour}
- `suspend`, `unsuspend`, `uninstall`, `install`: the App's installation
- `cover`, `uncover`: the installation gets or loses a repository
- `permissions` {permissions}: what the installation grants (null takes one away)
- `rename` {name}, `transfer` {owner}, `delete`, `archive`, `unarchive`: a repository
- `protect` {branch, pushes, force_pushes, signatures, sign_off}, `unprotect` {branch}
- `drafts` {on}, `push_protection` {on}, `private` {on}
- `transfer_issue` {number, to}, `delete_issue` {number}: GitHub has no REST operation for them
- `ghost` {login}: the account is deleted, what it wrote stays
- `mergeable_unknown` {number, reads}: so many more reads answer `mergeable: null`
- `ci` {script: [[job, …], …] | null, kind, workflow}: a CI that plays by itself at each commit of a
  pull request, the first list for its first commit, …; jobs as in `POST /_forge/ci`
- `role` {login, role}: what somebody may do in a repository (`none`, `read`, `triage`, `write`,
  `maintain`, `admin`); with {token, type} an account is made first, `type: Bot` a bot's
- `team` {slug, members}: a team of the repository's owner has these members (logins), made if new
- `press` {check_run, identifier, user}: press a check run's button
- `found` {repository, files, maintainer: {login, token}}: one more repository; a new owner has an
  installation of its own

Those about a repository take `repository` (full name; the first one by default).
"""

from bot.forge.founding import found
from bot.forge.switches import app, issues, people, repositories
from bot.forge.switches.ask import Switch, repository_of

__all__ = ["SWITCHES", "repository_of"]

SWITCHES: dict[str, Switch] = {
    "fresh_token_lag": app.fresh_token_lag,
    "expire_tokens": app.expire_tokens,
    "replace_key": app.replace_app_key,
    "limits": app.limits,
    "suspend": app.suspend,
    "unsuspend": app.unsuspend,
    "uninstall": app.uninstall,
    "install": app.install,
    "cover": app.cover(covered=True),
    "uncover": app.cover(covered=False),
    "permissions": app.permissions,
    "rename": repositories.rename,
    "transfer": repositories.transfer,
    "delete": repositories.delete,
    "archive": repositories.archive,
    "unarchive": repositories.unarchive,
    "protect": repositories.protect,
    "unprotect": repositories.unprotect,
    "drafts": repositories.flag("drafts"),
    "push_protection": repositories.flag("push_protection"),
    "private": repositories.flag("private"),
    "transfer_issue": issues.transfer_issue,
    "delete_issue": issues.delete_issue,
    "ghost": people.ghost,
    "mergeable_unknown": issues.mergeable_unknown,
    "press": issues.press_button,
    "ci": repositories.ci,
    "role": people.role,
    "team": people.team,
    "found": found,
}
