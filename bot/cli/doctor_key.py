"""What `coppice doctor` says of the private key: which one it is, and who else may read it."""

import base64
import hashlib
import stat

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from bot.cli.check import Check, bad, good
from bot.settings import PREFIX, Settings

NAME = "App key"


def examine_key(settings: Settings) -> Check:
    """Name the key as GitHub's page of the App does."""
    said = fingerprint(settings.private_key.get_secret_value())
    path = settings.private_key_file
    if path is not None:
        mode = stat.S_IMODE(path.expanduser().stat().st_mode)
        if mode & 0o077:
            detail = f"{said}; {path} is open to other users (mode {mode:o})"
            return bad(NAME, detail, f"Type: chmod 600 {path}")
        said += f", from {path}"
    return good(NAME, said)


def fingerprint(pem: str) -> str:
    """Make what GitHub lists under Private keys: SHA-256 of the public key's DER, in base64."""
    public = load_pem_private_key(pem.encode(), password=None).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).decode()


def mend(settings: Settings) -> str:
    """Say what to do where GitHub refuses the key."""
    return (
        f"Compare the fingerprint ({NAME}) with those on the App's page, General, Private keys;"
        f" if it is not there, set {PREFIX}APP_ID and {PREFIX}PRIVATE_KEY_FILE to those of one App"
        f" on {settings.github_html_url}. A service that runs reads a replaced file by itself."
    )
