"""What the operator writes about the box is read, or refused by name."""

import pytest

from bot.errors import OperatorError
from bot.settings import BoxSettings, load


@pytest.fixture(autouse=True)
def _nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))


def test_by_default_a_command_has_four_gigabytes_and_no_host() -> None:
    settings = load(BoxSettings)

    assert (settings.box_memory, settings.box_pids, settings.box_cpus) == (4 * 2**30, 2048, None)
    assert (settings.egress, settings.box_root) == ((), None)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512M", 2**29),
        ("2g", 2**31),
        ("1 GiB", 2**30),
        ("200MB", 200 * 2**20),
        ("99999999", 99999999),
    ],
)
def test_memory_is_written_as_people_do(
    monkeypatch: pytest.MonkeyPatch, text: str, size: int
) -> None:
    monkeypatch.setenv("COPPICE_BOX_MEMORY", text)

    assert load(BoxSettings).box_memory == size


def test_hosts_are_given_with_or_without_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COPPICE_EGRESS", "packages.example.com, system.example.com:80 [::1]:8080")

    assert load(BoxSettings).egress == (
        "packages.example.com",
        "system.example.com:80",
        "[::1]:8080",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BOX_MEMORY", "lots"),
        ("BOX_MEMORY", "1M"),
        ("BOX_MEMORY", "-4G"),
        ("BOX_PIDS", "1"),
        ("BOX_CPUS", "0"),
        ("EGRESS", "https://packages.example.com"),
        ("EGRESS", "*.packages.example.com"),
        ("EGRESS", "packages.example.com/simple"),
        ("BOX", "docker"),
    ],
)
def test_what_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"COPPICE_{name}", value)

    with pytest.raises(OperatorError, match=f"COPPICE_{name} "):
        load(BoxSettings)
