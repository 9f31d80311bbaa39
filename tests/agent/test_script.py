"""Scripts are found by issue, and a wrong one says what is wrong."""

from pathlib import Path

import pytest

from bot.agent.script import find_script, load_script, read_diff
from bot.errors import StageFailed


def written(tmp_path: Path, text: str, name: str = "7.yaml") -> Path:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def problem(tmp_path: Path, text: str) -> str:
    with pytest.raises(StageFailed) as caught:
        load_script(written(tmp_path, text))
    assert (caught.value.kind, caught.value.blocked) == ("bad_script", True)
    return caught.value.reason.removeprefix("the script 7.yaml is not valid: ")


def test_the_repositorys_own_script_comes_first(tmp_path: Path) -> None:
    general = written(tmp_path, "")
    own = written(tmp_path, "", "octo/shop/7.yaml")

    assert find_script(tmp_path, "octo/shop", 7) == own
    assert find_script(tmp_path, "octo/other", 7) == general


@pytest.mark.parametrize("name", ["octo/shop", "../..", "./.", "..", "octo/..", "/", "a/b/c", ""])
def test_without_a_script_the_stage_is_blocked(tmp_path: Path, name: str) -> None:
    written(tmp_path, "", "../8.yaml")

    with pytest.raises(StageFailed) as caught:
        find_script(tmp_path / "scripts", name, 8)

    assert (caught.value.kind, caught.value.blocked) == ("no_script", True)
    assert caught.value.reason == "there is no script for this issue"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("attempts: [[{wrote: a, text: b}]]", "attempts.0.0: unknown key `wrote`"),
        ("attempts: [[{write: a, text: b, mode: 1}]]", "attempts.0.0: unknown key `mode`"),
        ("tries: []", "unknown key `tries` (known: attempts, plan, review, thinks)"),
        ("attempts: [[{write: a, text: b, run: c}]]", "a step has exactly one of write, delete"),
        ("attempts: [[{text: b}]]", "a step has exactly one of"),
        ("attempts: [[{write: a}]]", "`text` belongs to `write`"),
        ("attempts: [[{run: a, text: b}]]", "`text` belongs to `write`"),
        ("attempts: [[{write: a, text: no}]]", "attempts.0.0.text: Input should be a valid string"),
        ("attempts: [[{hang: -1}]]", "attempts.0.0.hang: Input should be greater than or equal"),
        ("attempts: []", "a script has `attempts`, a `plan` or a `review`"),
        ("attempts: [{say: a}]", "attempts.0: Input should be a valid tuple"),
        ("", "Input should be"),
        ("[", "expected the node content"),
        ("!!python/object/apply:os.system [id]", "could not determine a constructor"),
    ],
)
def test_a_wrong_script_names_what_is_wrong(tmp_path: Path, text: str, wrong: str) -> None:
    assert wrong in problem(tmp_path, text)


def test_a_script_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "7.yaml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(StageFailed, match=r"7\.yaml is not valid"):
        load_script(tmp_path / "7.yaml")


def test_a_patch_lies_beside_its_script(tmp_path: Path) -> None:
    script = written(tmp_path, "", "octo/shop/7.yaml")
    written(tmp_path, "diff", "octo/shop/fix.diff")

    assert read_diff(script, "fix.diff") == b"diff"
    with pytest.raises(StageFailed, match=r"the patch absent.diff: No such file"):
        read_diff(script, "absent.diff")


def test_a_patch_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "huge.diff").open("wb") as file:
        file.truncate(17 * 2**20)

    with pytest.raises(StageFailed, match="larger than 16 MB"):
        read_diff(tmp_path / "7.yaml", "huge.diff")
