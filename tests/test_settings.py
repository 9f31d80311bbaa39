"""The operator's settings: where they come from, and what is said of a bad one."""

import re
import stat
from pathlib import Path
from socket import gethostname

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from bot.errors import OperatorError
from bot.settings import (
    Settings,
    StoreSettings,
    inherited_environment,
    inspect,
    load,
    unknown_settings,
    variable,
)

SECRET = "0123456789abcdef0123"


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.fixture(scope="module")
def rsa_key() -> str:
    return pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rsa_key: str) -> pytest.MonkeyPatch:
    """An environment with all that has no default, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COPPICE_APP_ID", "7")
    monkeypatch.setenv("COPPICE_PRIVATE_KEY", rsa_key)
    monkeypatch.setenv("COPPICE_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("COPPICE_DATA_DIR", str(tmp_path / "data"))
    return monkeypatch


def refusal() -> str:
    with pytest.raises(OperatorError) as caught:
        load(Settings)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_what_is_not_set_has_its_documented_default(operator: pytest.MonkeyPatch) -> None:
    settings = load(Settings)

    assert (settings.host, settings.port, settings.box, settings.log_format) == (
        "127.0.0.1",
        8080,
        "auto",
        "text",
    )
    assert settings.github_url == "https://api.github.com"
    assert settings.github_html_url == "https://github.com"
    assert settings.database_url == f"sqlite:///{settings.data_dir}/coppice.sqlite"
    limits = (settings.limit_worker, settings.limit_repository, settings.limit_installation)
    assert limits == (2, 2, 4)


def test_every_setting_is_documented() -> None:
    docs = Path(__file__).parents[1] / "docs"
    text = "".join((docs / page).read_text() for page in ("configuration.md", "models.md"))
    said = set(re.findall(r"`?\b([A-Z_]{4,})\b", text))

    asked_for = {variable(name) for name in Settings.model_fields if not name.endswith("_file")}
    assert asked_for - said == set()


@pytest.mark.parametrize(
    ("api", "pages"),
    [
        ("https://git.acme.example/api/v3", "https://git.acme.example"),
        ("https://api.acme.example/api/v3", "https://api.acme.example"),
        ("https://acme.ghe.com", "https://acme.ghe.com"),
        ("https://api.acme.ghe.com", "https://acme.ghe.com"),
    ],
)
def test_the_pages_of_github_enterprise_are_found_from_its_api(
    operator: pytest.MonkeyPatch, api: str, pages: str
) -> None:
    operator.setenv("COPPICE_GITHUB_URL", f"{api}/")

    settings = load(Settings)

    assert (settings.github_url, settings.github_html_url) == (api, pages)


def test_the_environment_wins_over_the_env_file(
    operator: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("COPPICE_PORT=1\nCOPPICE_HOST=0.0.0.0\n")
    operator.setenv("COPPICE_PORT", "2")

    assert (load(Settings).port, load(Settings).host) == (2, "0.0.0.0")


@pytest.mark.parametrize("name", ["WEBHOOK_SECRET", "PRIVATE_KEY", "DATABASE_URL"])
def test_a_secret_may_come_from_a_file(
    operator: pytest.MonkeyPatch, tmp_path: Path, rsa_key: str, name: str
) -> None:
    texts = {
        "WEBHOOK_SECRET": SECRET,
        "PRIVATE_KEY": rsa_key,
        "DATABASE_URL": "postgresql://u:p@h/d",
    }
    file = tmp_path / "secret"
    file.write_text(texts[name] + "\n")
    operator.delenv(f"COPPICE_{name}", raising=False)
    operator.setenv(f"COPPICE_{name}_FILE", str(file))

    value = getattr(load(Settings), name.lower())

    assert (value if isinstance(value, str) else value.get_secret_value()) == texts[name].strip()


def test_a_file_of_a_secret_that_is_not_there_is_named(
    operator: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    operator.delenv("COPPICE_PRIVATE_KEY")
    operator.setenv("COPPICE_PRIVATE_KEY_FILE", str(tmp_path / "absent.pem"))

    assert refusal().startswith(
        f"COPPICE_PRIVATE_KEY cannot be read from {tmp_path}/absent.pem: No such file or directory"
    )


def test_a_secret_and_its_file_together_are_refused(
    operator: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    operator.setenv("COPPICE_WEBHOOK_SECRET_FILE", str(tmp_path / "secret"))

    assert refusal().startswith("COPPICE_WEBHOOK_SECRET and its _FILE are both set")


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("", "COPPICE_WEBHOOK_SECRET is missing"),
        ("   ", "COPPICE_WEBHOOK_SECRET is missing"),
    ],
)
def test_an_empty_webhook_secret_is_refused(
    operator: pytest.MonkeyPatch, value: str, complaint: str
) -> None:
    operator.setenv("COPPICE_WEBHOOK_SECRET", value)

    said = refusal()

    assert said.startswith(complaint)


def test_a_private_key_in_one_line_of_an_env_file_is_read(
    operator: pytest.MonkeyPatch, rsa_key: str
) -> None:
    operator.setenv("COPPICE_PRIVATE_KEY", rsa_key.strip().replace("\n", "\\n"))

    assert load(Settings).private_key.get_secret_value() == rsa_key.strip()


def test_keys_that_github_does_not_take_are_refused(operator: pytest.MonkeyPatch) -> None:
    operator.setenv("COPPICE_PRIVATE_KEY", pem(ec.generate_private_key(ec.SECP256R1())))
    assert refusal().startswith("COPPICE_PRIVATE_KEY is not an RSA key")

    operator.setenv("COPPICE_PRIVATE_KEY", "-----BEGIN nothing")
    assert refusal().startswith("COPPICE_PRIVATE_KEY is not a private key in PEM form")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_ID", "seven"),
        ("APP_ID", "0"),
        ("PORT", "65536"),
        ("BOX", "strong"),
        ("LIMIT_WORKER", "0"),
        ("LIMIT_WORKER", "9" * 30),
        ("APP_ID", "9" * 30),
        ("LOG_FORMAT", "xml"),
        ("GITHUB_URL", "api.github.com"),
        ("GITHUB_URL", "http://127.0.0.1:65536"),
        ("GITHUB_URL", "http://github.example.com:api"),
        ("PUBLIC_URL", "coppice"),
        ("DATABASE_URL", "mysql://h/d"),
        ("DATABASE_URL", "sqlite:////tmp/x.sqlite?mode=ro"),
        ("HOST", "a" * 64),
        ("HOST", "here..there"),
        ("CA_FILE", "/nonexistent.pem"),
        ("CA_FILE", "~nobody-here/ca.pem"),
        ("DATA_DIR", "~nobody-here/data"),
        ("DATA_DIR", "/tmp/what?/data"),
        ("SCRIPTS", "/nonexistent"),
    ],
)
def test_a_bad_value_is_one_line_that_names_the_setting(
    operator: pytest.MonkeyPatch, name: str, value: str
) -> None:
    operator.setenv(f"COPPICE_{name}", value)

    said = refusal()

    assert said.startswith(f"COPPICE_{name} ")
    assert said.count("\n") == 0


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SCRIPTS", __file__, f"names {__file__}, which is no directory"),
        ("AGENTS_DIR", __file__, f"names {__file__}, which is no directory"),
        ("BOX_PIDS", "many", "must be a whole number"),
        ("BOX_PIDS", "1.5", "must be a whole number"),
        ("BOX_PIDS", "1", "must be 16 or more"),
        ("BOX_PIDS", "9" * 30, "must be 4194304 or less"),
        ("BOX_CPUS", "two", "must be a number"),
        ("BOX_CPUS", "nan", "must be a number"),
        ("BOX_CPUS", "inf", "must be a number"),
        ("BOX_CPUS", "1e-9", "must be 0.01 or more"),
        ("BOX_CPUS", "1e300", "must be 10000 or less"),
        ("BOX_MEMORY", "9" * 30 + "G", "must be at most 1024T"),
        ("BOX", "vm", "must be 'auto', 'bubblewrap', 'landlock' or 'none'"),
        ("SWEEP_SECONDS", "inf", "must be a number"),
        ("SWEEP_SECONDS", "1e9", "must be 86400 or less"),
        ("GRACE_SECONDS", "1e9", "must be 86400 or less"),
        ("EGRESS", "a.example:99999", "names 'a.example:99999': write HOST or HOST:PORT"),
        ("GITHUB_URL", "https://github.com", "is where people look: the REST API is at"),
        ("GITHUB_URL", "https://me:pass1234@ghe.example/api/v3", "must be without a user name"),
        ("DATABASE_URL", "sqlite:////tmp/x?y", "takes the path of a file"),
        ("DATA_DIR", "/tmp/\udcff", r"must be a path in UTF-8, which '/tmp/\udcff' is not"),
    ],
)
def test_what_a_setting_may_be_is_said(
    operator: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    operator.setenv(f"COPPICE_{name}", value)

    assert refusal().startswith(f"COPPICE_{name} {said}")
    assert "pass1234" not in refusal()


def test_every_bad_setting_is_named_at_once(operator: pytest.MonkeyPatch) -> None:
    for name in ("APP_ID", "PRIVATE_KEY", "WEBHOOK_SECRET"):
        operator.delenv(f"COPPICE_{name}")

    _, problems = inspect(Settings)

    missing = ["COPPICE_WEBHOOK_SECRET", "COPPICE_APP_ID", "COPPICE_PRIVATE_KEY"]
    assert [problem.variable for problem in problems] == missing
    assert all(problem.message == "is missing" for problem in problems)


def test_listing_commands_need_no_secret(operator: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("APP_ID", "PRIVATE_KEY", "WEBHOOK_SECRET"):
        operator.delenv(f"COPPICE_{name}")

    assert load(StoreSettings).data_dir == tmp_path / "data"


def test_secrets_show_nowhere_when_settings_are_printed(operator: pytest.MonkeyPatch) -> None:
    operator.setenv("COPPICE_DATABASE_URL", "postgresql://coppice:hunter2hunter2@db/coppice")
    operator.setenv("HTTPS_PROXY", "http://user:proxypassword@proxy:3128")

    settings = load(Settings)

    assert SECRET not in repr(settings)
    assert "PRIVATE KEY" not in repr(settings)
    assert "hunter2" not in repr(settings)
    assert "proxypassword" not in repr(settings)
    assert {SECRET, "hunter2hunter2", "proxypassword"} < set(settings.secrets)


def test_a_variable_that_nothing_reads_is_named_with_the_nearest() -> None:
    given = {"COPPICE_LIMIT_WORKERS": "3", "COPPICE_PORT": "1", "PATH": "/bin"}

    assert unknown_settings(given) == ["COPPICE_LIMIT_WORKERS (did you mean COPPICE_LIMIT_WORKER?)"]


def test_the_data_directory_is_made_for_this_user_alone(
    operator: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    load(StoreSettings).prepare_data_dir()

    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_an_open_data_directory_is_closed_only_when_it_is_ours(
    operator: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    load(StoreSettings).prepare_data_dir()
    assert stat.S_IMODE(data.stat().st_mode) == 0o700

    data.chmod(0o755)
    (data / "holiday.jpg").touch()
    with pytest.raises(OperatorError, match="open to other users"):
        load(StoreSettings).prepare_data_dir()
    assert stat.S_IMODE(data.stat().st_mode) == 0o755


def test_a_data_directory_that_cannot_be_made_is_named(
    operator: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("a file")

    with pytest.raises(OperatorError, match="COPPICE_DATA_DIR: cannot use"):
        load(StoreSettings).prepare_data_dir()


def test_programs_that_we_start_inherit_no_secret(operator: pytest.MonkeyPatch) -> None:
    operator.setenv("AWS_SECRET_ACCESS_KEY", "x")

    given = inherited_environment(COPPICE_PORT="0")

    assert given["COPPICE_PORT"] == "0"
    assert not {"AWS_SECRET_ACCESS_KEY", "COPPICE_WEBHOOK_SECRET"} & set(given)


def test_a_worker_is_called_as_its_host_unless_it_has_a_name(
    operator: pytest.MonkeyPatch,
) -> None:
    operator.setenv("COPPICE_DATABASE_URL", "postgresql://coppice@db/coppice")
    by_host = load(Settings).worker
    operator.setenv("COPPICE_WORKER", "w-2.example")

    assert (by_host, load(Settings).worker) == (gethostname(), "w-2.example")


def test_on_sqlite_there_is_one_worker(operator: pytest.MonkeyPatch) -> None:
    operator.setenv("COPPICE_WORKER", "w-2")

    assert load(Settings).worker == "local"


def test_a_worker_with_a_strange_name_is_refused(operator: pytest.MonkeyPatch) -> None:
    operator.setenv("COPPICE_DATABASE_URL", "postgresql://coppice@db/coppice")
    operator.setenv("COPPICE_WORKER", "a b")

    assert refusal().startswith("COPPICE_WORKER must be a name of letters")


def test_the_secret_before_may_come_from_a_file_and_is_masked(
    operator: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "previous").write_text("the secret before\n")
    operator.setenv("COPPICE_WEBHOOK_SECRET_PREVIOUS_FILE", str(tmp_path / "previous"))

    settings = load(Settings)

    assert settings.webhook_secret_previous.get_secret_value() == "the secret before"
    assert "the secret before" in settings.secrets


def test_the_password_of_the_database_is_masked_as_it_is_written_and_as_it_is(
    operator: pytest.MonkeyPatch,
) -> None:
    operator.setenv("COPPICE_DATABASE_URL", "postgresql://coppice:a%2Fb%40c@db/coppice")

    assert {"a%2Fb%40c", "a/b@c"} <= set(load(Settings).secrets)


def test_no_way_to_write_a_password_into_an_address_leaves_it_unmasked(
    operator: pytest.MonkeyPatch,
) -> None:
    operator.setenv("COPPICE_DATABASE_URL", "postgresql://db/coppice?user=a&password=hunter%2F2")
    operator.setenv("HTTPS_PROXY", "http://token-of-the-proxy@proxy:3128")
    operator.setenv("COPPICE_TRACES", "http://me:p%40ssword@traces.example:4318")
    operator.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=of-the-collector, x=another-one")

    settings = load(Settings)

    assert {
        *("hunter/2", "token-of-the-proxy", "p%40ssword", "p@ssword"),
        *("of-the-collector", "another-one"),
    } <= set(settings.secrets)
    assert "ssword" not in repr(settings)
