"""The set of secrets and look-alikes that the scan is measured by: 26 families x 3, and 36 benign.

Rebuilt after ``performance.md`` section 4. Everything is generated, so that no scanner finds a key
in this file; GitHub's and npm's tokens carry a valid checksum.
"""

import base64
import json
import random
import string
import uuid
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

SEED = 7
EACH = 3
ALNUM = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + string.digits
LOWER = string.ascii_lowercase + string.digits
HEX = "0123456789abcdef"
URLSAFE = ALNUM + "-_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One file of the set."""

    family: str
    path: str
    data: bytes


def secrets() -> Iterator[Sample]:
    """Yield 78 files with a secret each."""
    dice = random.Random(SEED)
    for family, (path, make) in FAMILIES.items():
        for n in range(EACH):
            yield Sample(family=family, path=f"{n}/{path}", data=make(dice).encode())


def look_alikes() -> Iterator[Sample]:
    """Yield 36 files without one."""
    dice = random.Random(SEED + 1)
    for family, (path, make) in BENIGN.items():
        yield Sample(family=family, path=path, data=make(dice).encode())


def _some(dice: random.Random, letters: str, size: int) -> str:
    """Draw until there are a digit and a letter, as in real tokens, where the alphabet has both."""
    wanted = {c.isdigit() for c in letters}
    while True:
        text = "".join(dice.choices(letters, k=size))
        if {c.isdigit() for c in text} == wanted:
            return text


def _base62(number: int, size: int) -> str:
    letters = string.digits + string.ascii_uppercase + string.ascii_lowercase
    text = ""
    while number:
        number, rest = divmod(number, 62)
        text = letters[rest] + text
    return text.rjust(size, "0")


def _github(prefix: str) -> Callable[[random.Random], str]:
    def make(dice: random.Random) -> str:
        body = _some(dice, ALNUM, 30)
        return f'GITHUB_TOKEN = "{prefix}_{body}{_base62(zlib.crc32(body.encode()), 6)}"\n'

    return make


def _line(form: str, letters: str, size: int) -> Callable[[random.Random], str]:
    return lambda dice: form.replace("@", _some(dice, letters, size)) + "\n"


def _pem(kind: str, size: int) -> Callable[[random.Random], str]:
    def make(dice: random.Random) -> str:
        body = base64.b64encode(dice.randbytes(size)).decode()
        lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
        return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----\n"

    return make


def _jwt(dice: random.Random) -> str:
    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    claims = {"sub": _some(dice, string.digits + HEX, 12), "iat": dice.randrange(10**9)}
    head = part(b'{"alg":"HS256","typ":"JWT"}')
    return f"session: {head}.{part(json.dumps(claims).encode())}.{part(dice.randbytes(32))}\n"


def _aws(dice: random.Random) -> str:
    key = "AKIA" + "".join(dice.choices(string.ascii_uppercase + "234567", k=16))
    return f"aws_access_key_id = {key}\naws_secret_access_key = {_some(dice, ALNUM + '+/', 40)}\n"


def _azure(dice: random.Random) -> str:
    key = base64.b64encode(dice.randbytes(64)).decode()
    name = "store" + _some(dice, LOWER, 6)
    return (
        f'CONNECTION = "DefaultEndpointsProtocol=https;AccountName={name};'
        f'AccountKey={key};EndpointSuffix=core.windows.net"\n'
    )


def _db_url(dice: random.Random) -> str:
    secret, host = _some(dice, ALNUM, 16), "db-" + _some(dice, LOWER, 6)
    return f"DATABASE_URL=postgres://billing:{secret}@{host}.internal.acme.io:5432/billing\n"


def _pypi(dice: random.Random) -> str:
    return f"password = pypi-AgEIcHlwaS5vcmc{_some(dice, URLSAFE, 150)}\n"


def _slack_hook(dice: random.Random) -> str:
    parts = ("T" + _some(dice, UPPER, 8), "B" + _some(dice, UPPER, 8), _some(dice, ALNUM, 24))
    return f'url = "https://hooks.slack.com/services/{"/".join(parts)}"\n'


def _slack_bot(dice: random.Random) -> str:
    numbers = [str(dice.randrange(10**11, 10**12)) for _ in range(2)]
    return f'slack = "xoxb-{numbers[0]}-{numbers[1]}-{_some(dice, ALNUM, 24)}"\n'


def _sendgrid(dice: random.Random) -> str:
    return f'mail = "SG.{_some(dice, URLSAFE, 22)}.{_some(dice, URLSAFE, 43)}"\n'


def _telegram(dice: random.Random) -> str:
    return f'telegram_bot = "{dice.randrange(10**9, 10**10)}:AA{_some(dice, URLSAFE, 33)}"\n'


def _npm(dice: random.Random) -> str:
    body = _some(dice, ALNUM, 30)
    token = body + _base62(zlib.crc32(body.encode()), 6)
    return f"//npm.example.org/:_authToken=npm_{token}\n"


def _openai(dice: random.Random) -> str:
    return f'openai = "sk-proj-{_some(dice, ALNUM, 74)}T3BlbkFJ{_some(dice, ALNUM, 74)}"\n'


FAMILIES: dict[str, tuple[str, Callable[[random.Random], str]]] = {
    "anthropic": ("agent.py", _line('key = "sk-ant-api03-@AA"', URLSAFE, 93)),
    "aws": ("credentials", _aws),
    "azure_storage": ("settings.py", _azure),
    "db_url": (".env", _db_url),
    "generic_api_key": ("client.py", _line('api_key = "@"', ALNUM, 32)),
    "generic_password": ("settings.py", _line('password = "@"', ALNUM + "!#%_+", 16)),
    "github_app": ("ci.py", _github("ghs")),
    "github_classic": ("ci.py", _github("ghp")),
    "github_fine": (
        "ci.py",
        lambda d: f'T = "github_pat_{_some(d, ALNUM, 22)}_{_some(d, ALNUM, 59)}"\n',
    ),
    "github_oauth": ("ci.py", _github("gho")),
    "gitlab": ("ci.py", _line('GITLAB = "glpat-@"', ALNUM, 20)),
    "google_api": ("maps.js", _line('const maps = "AIza@";', ALNUM, 35)),
    "huggingface": ("model.py", _line('login("hf_@")', string.ascii_letters, 34)),
    "jwt": ("session.yaml", _jwt),
    "npm": (".npmrc", _npm),
    "openai": ("agent.py", _openai),
    "pem_ec": ("key.pem", _pem("EC PRIVATE KEY", 118)),
    "pem_openssh": ("id_ed25519", _pem("OPENSSH PRIVATE KEY", 290)),
    "pem_rsa": ("key.pem", _pem("RSA PRIVATE KEY", 1190)),
    "pypi": (".pypirc", _pypi),
    "sendgrid": ("mail.py", _sendgrid),
    "slack_bot": ("chat.py", _slack_bot),
    "slack_webhook": ("chat.py", _slack_hook),
    "stripe_live": ("pay.rb", _line('Stripe.api_key = "sk_live_@"', ALNUM, 24)),
    "stripe_restricted": ("pay.rb", _line('Stripe.api_key = "rk_live_@"', ALNUM, 24)),
    "telegram": ("chat.py", _telegram),
}


def _text(text: str) -> Callable[[random.Random], str]:
    return lambda _dice: text + "\n"


def _uuid(form: str) -> Callable[[random.Random], str]:
    return lambda dice: form.replace("@", str(uuid.UUID(int=dice.getrandbits(128)))) + "\n"


BENIGN: dict[str, tuple[str, Callable[[random.Random], str]]] = {
    "ansible_var": ("play.yml", _text('password: "{{ vault_database_password }}"')),
    "argument": (
        "cli.py",
        _text('parser.add_argument("--password", help="Password of the user.")'),
    ),
    "aws_docs": ("README.md", _text("aws_access_key_id = AKIAIOSFODNN7" + "EXAMPLE")),
    "base64_image": (
        "page.html",
        lambda d: (
            f'<img src="data:image/png;base64,{base64.b64encode(d.randbytes(400)).decode()}">\n'
        ),
    ),
    "cargo_checksum": ("Cargo.lock", _line('checksum = "@"', HEX, 64)),
    "ci_secret": ("ci.yml", _text("token: ${{ secrets.RELEASE_TOKEN }}")),
    "colour": ("theme.css", _text("--token-color-keyword-12: #8f3fa1bc;")),
    "commit": ("pins.txt", _line("uses: actions/checkout v4 # @", HEX, 40)),
    "docs_bearer": ("api.md", _text('curl -H "Authorization: Bearer $ACCESS_TOKEN" $URL')),
    "environment": ("settings.py", _text('API_KEY = os.environ["SERVICE_API_KEY"]')),
    "etag": ("test_http.py", _line("""headers = {"ETag": 'W/"@"'}""", HEX, 32)),
    "func_call": ("auth.py", _text("password = hash_password(form.cleaned_data, rounds=12)")),
    "ghp_x": ("README.md", _text("export GITHUB_TOKEN=ghp_" + "x" * 36)),
    "go_sum": (
        "go.sum",
        lambda d: f"golang.org/x/text v0.3.7 h1:{base64.b64encode(d.randbytes(32)).decode()}\n",
    ),
    "i18n": (
        "de.json",
        _text('"password": "Bitte2neuesPasswortEingeben", "token": "Zugangstoken"'),
    ),
    "integrity": (
        "package-lock.json",
        lambda d: f'"integrity": "sha512-{base64.b64encode(d.randbytes(64)).decode()}"\n',
    ),
    "keyboard": ("keys.ts", _text('const secretKey = "Control+Shift+Alternate1";')),
    "lorem": ("seed.py", _text('token_text = "lorem-ipsum-dolor-sit-amet-2"')),
    "md5": ("sums.txt", _line("@  archive.tar.gz", HEX, 32)),
    "named_constant": ("keys.go", _text('const TokenHeader = "X-Acme-Auth-Token-V2"')),
    "password_hash": ("test_hash.py", _text('rounds, token = 12, derive("bcrypt", salt)')),
    "placeholder": ("README.md", _text('api_key = "your-api-key-here-0123456789"')),
    "placeholder2": (".env.example", _text("API_SECRET=<put-the-key-of-the-app-here-2>")),
    "pod_name": ("kube.log", _line("token-controller-@ started", LOWER, 10)),
    "property": ("model.ts", _text("private readonly accessToken: TokenStorageV2Interface;")),
    "public_key": ("key.pub", _pem("PUBLIC KEY", 294)),
    "random_id": ("build.gradle", _line('buildId = "@"', LOWER, 12)),
    "sha256": ("Dockerfile", _line("FROM debian@sha256:@", HEX, 64)),
    "ssh_public": (
        "authorized_keys",
        lambda d: (
            f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA{base64.b64encode(d.randbytes(33)).decode()} a\n"
        ),
    ),
    "stars": ("log.txt", _text("password=************************")),
    "test_url": ("test_db.py", _text('DSN = "postgres://postgres:postgres@localhost:5432/test"')),
    "type_hint": (
        "user.py",
        _text("def login(name: str, password: str, token: str | None = None): ..."),
    ),
    "url_ph": ("README.md", _text("postgres://user:password@host:5432/database")),
    "uuid": ("ids.json", _uuid('{"id": "@"}')),
    "uuid_key": ("ids.yaml", _uuid("key: @")),
    "vault_path": ("app.hcl", _text('secret = "kv/data/payments/stripe-live-v2"')),
}
