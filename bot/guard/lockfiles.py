"""See where a lock file would have programs come from: a host that it did not name before."""

import re

_NAMES = re.compile(
    r"(^|/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.ya?ml|bun\.lockb?"
    r"|deno\.lock|poetry\.lock|uv\.lock|pdm\.lock|Pipfile\.lock|[^/]*requirements[^/]*\.(txt|in)"
    r"|Cargo\.lock|Gemfile\.lock|composer\.lock|mix\.lock|pubspec\.lock|Podfile\.lock"
    r"|packages\.lock\.json|gradle\.lockfile|flake\.lock|\.terraform\.lock\.hcl"
    r"|\.npmrc|bunfig\.toml|pip\.conf|\.pypirc|nuget\.config|\.lfsconfig)$",
    re.IGNORECASE,
)
_HOST = re.compile(
    rb"[a-z][a-z0-9+.-]{0,20}:(?:\\?/){2}(?:[^/\\\s\"'@]{0,200}@)?([^/\\\s\"':@]{1,255})", re.I
)
_REMOTE = re.compile(rb"(?:git|ssh)@([\w.-]{1,255}):", re.IGNORECASE)


def is_lockfile(path: str) -> bool:
    """Tell whether a path is one of the files that say where dependencies come from."""
    return _NAMES.search(path) is not None


def strange_hosts(before: bytes, added: bytes) -> list[str]:
    """Name the hosts in added lines that the file did not name before."""
    new = _hosts(added) - _hosts(before)
    return sorted(host.decode(errors="replace") for host in new)


def _hosts(text: bytes) -> set[bytes]:
    found = {*_HOST.findall(text), *_REMOTE.findall(text)}
    return {host.lower() for host in found}
