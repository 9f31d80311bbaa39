"""`coppice serve` with something wrong in what its settings name: it ends before it says ready."""

import subprocess
from pathlib import Path

import pytest

from tests.cli.shell import COMMAND, coppice, environment
from tests.cli.test_operators import a_key


def right(folder: Path) -> dict[str, object]:
    """Settings in which nothing is wrong, but that GitHub is away."""
    (folder / "key.pem").write_bytes(a_key())
    return {
        "APP_ID": 1,
        "PRIVATE_KEY_FILE": folder / "key.pem",
        "WEBHOOK_SECRET": "w" * 32,
        "DATA_DIR": folder / "data",
        "GITHUB_URL": "http://127.0.0.1:1",
        "PORT": 0,
    }


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CA_FILE", "{here}/no.pem", "COPPICE_CA_FILE: {here}"),
        ("CA_FILE", "{here}", "COPPICE_CA_FILE: {here}"),
        ("AGENT", "gpt", "COPPICE_AGENT=gpt: there is no such agent; known"),
        ("ERRORS_FILE", "{here}/no.pem", "COPPICE_ERRORS_FILE: the error"),
        ("MODELS_FILE", "{here}/no.pem", "COPPICE_MODELS_FILE: {here}/no.pem must be a map"),
        ("MODEL_URL", "http://127.0.0.1:1/v1", "COPPICE_MODEL is missing: name the model"),
        ("BOX_ROOT", "{here}", "COPPICE_BOX_ROOT={here}"),
        ("GITHUB_URL", "https://ghe.example/api/v3", "the scripted agent works against a local"),
    ],
)
def test_what_is_wrong_in_a_setting_is_said_before_ready(
    tmp_path: Path, name: str, value: str, said: str
) -> None:
    (tmp_path / "no.pem").write_text("nothing\n")

    done = coppice("serve", **right(tmp_path) | {name: value.format(here=tmp_path)})

    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert said.format(here=tmp_path) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_service_leaves_no_bytecode_which_a_full_disk_would_cut_off(tmp_path: Path) -> None:
    given = environment(**right(tmp_path) | {"AGENT": "gpt"})

    done = subprocess.run(
        [*COMMAND, "serve"],
        env=given | {"PYTHONPYCACHEPREFIX": str(tmp_path / "compiled")},
        capture_output=True,
        check=False,
        timeout=300,
    )

    assert (done.returncode, done.stdout) == (2, b"")
    written = {path.name.partition(".")[0] for path in tmp_path.rglob("*.pyc")}
    assert not {"serve", "service", "equipment"} & written
