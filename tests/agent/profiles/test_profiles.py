"""Profiles are data: what they may say, and what keeps one from starting."""

import json
from pathlib import Path

import pytest

from bot.agent.launch import launch
from bot.agent.profiles import BUILT_IN, AgentProtocol, Profile
from bot.agent.profiles.installed import Installation
from bot.agent.registry import NAMES, own_profiles, runtime
from bot.agent.runtime import AgentContext, Api
from bot.box import TREE, Mount
from bot.box.unboxed import Unboxed
from bot.errors import OperatorError, StageFailed
from bot.runs import Json
from tests.agent.programs import Way

OWN: dict[str, Json] = {"protocol": "acp", "argv": ["mine", "--acp"], "apis": ["chat"]}
LOCKS = Path(__file__).parents[3] / "bot" / "agent" / "profiles" / "packages"
ACP_ONLY = ("authenticate", "mode", "session")


def context(root: Path, way: Way | None) -> AgentContext:
    tree = root / "tree"
    tree.mkdir(exist_ok=True)
    return AgentContext(
        box=Unboxed(),
        mounts=(Mount(source=tree, target=TREE, writable=True),),
        log=root / "log",
        files=root / "files",
        model=way,
    )


def refused(root: Path, profile: Profile, way: Way | None) -> StageFailed:
    with pytest.raises(StageFailed) as caught:
        launch(profile, Installation(directory=root), context(root, way), "Do it.", 1)
    assert caught.value.blocked
    return caught.value


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_lock_has_the_version_of_the_profile(name: str) -> None:
    package = BUILT_IN[name].package
    assert package is not None

    lock = json.loads((LOCKS / package.folder / "package-lock.json").read_text())

    entry = lock["packages"][f"node_modules/{package.name}"]
    assert entry["version"] == package.version
    assert all(one["integrity"] for path, one in lock["packages"].items() if path)
    assert not any("resolved" in one for one in lock["packages"].values())
    wanted = {n for one in lock["packages"].values() for n in one.get("optionalDependencies", ())}
    locked = {path.rpartition("node_modules/")[2] for path in lock["packages"]}
    assert wanted <= locked, "`npm ci` refuses a lock that leaves out what another system gets"


@pytest.mark.parametrize("name", BUILT_IN)
def test_nothing_of_the_environment_but_what_the_profile_says(name: str) -> None:
    profile = BUILT_IN[name]
    secret = [key for key in profile.env if key.endswith(("KEY", "TOKEN"))]

    assert {profile.env[key] for key in secret} <= {"unused"}
    if profile.protocol is AgentProtocol.HEADLESS:
        assert not any(getattr(profile, field) for field in ACP_ONLY)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"argv": []}, "profiles.mine.argv: Tuple should have at least 1 item"),
        ({"argv": ["x", "${key}"]}, "profiles.mine.argv: `${key}` is unknown; known: ${agent}"),
        ({"argv": ["x", "$"]}, "profiles.mine.argv: `$` has a `$` that names nothing"),
        ({"argv": ["x", "${prompt}"]}, "profiles.mine: `${prompt}` is for headless agents"),
        ({"argv": ["${node}", "x"]}, "profiles.mine: `${agent}` and `${node}` need a `package`"),
        ({"argv": ["a\0b"]}, "profiles.mine.argv: a NUL cannot be handed over"),
        ({"argv": "x"}, "profiles.mine.argv: Input should be a valid tuple"),
        ({"environ": {}}, "profiles.mine.environ: there is no such key; known: protocol, argv"),
        ({"env": {"A=B": "x"}}, "profiles.mine.env.A=B"),
        ({"files": {"../x": ""}}, "profiles.mine.files"),
        ({"files": {"a/../../x": ""}}, "profiles.mine.files: `a/../../x` leads out of HOME"),
        ({"files": {"/etc/x": ""}}, "profiles.mine.files"),
        ({"files": {"x": "${url}"}}, "profiles.mine: `files` cannot name"),
        ({"apis": []}, "profiles.mine.apis: Frozenset should have at least 1 item"),
        ({"apis": ["soap"]}, "profiles.mine.apis.0: Input should be 'chat', 'responses'"),
        ({"protocol": "mcp"}, "profiles.mine.protocol: Input should be 'acp' or 'headless'"),
        ({"parser": "mine"}, "profiles.mine.parser: Input should be 'codex'"),
    ],
)
def test_an_operators_profile_says_what_is_wrong_in_it(
    change: dict[str, Json], problem: str
) -> None:
    with pytest.raises(OperatorError) as caught:
        own_profiles({"mine": OWN | change})

    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize("name", NAMES)
def test_no_own_profile_takes_the_name_of_one_of_ours(name: str) -> None:
    with pytest.raises(OperatorError, match=rf"profiles\.{name}: Coppice has an agent"):
        own_profiles({name: OWN})


def test_every_name_has_its_runtime(tmp_path: Path) -> None:
    made = [runtime(name, scripts=tmp_path, agents=tmp_path) for name in NAMES]

    assert [agent.name for agent in made] == list(NAMES)


def test_an_unknown_name_is_told_the_known_ones_and_the_own(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"COPPICE_AGENT=devin: .*codex.*scripted, mine"):
        runtime("devin", scripts=tmp_path, profiles={"mine": OWN})


def test_words_are_filled_in(tmp_path: Path) -> None:
    profile = Profile.model_validate(
        OWN
        | {
            "argv": ["mine", "${model}", "${url}"],
            "env": {"W": "${window}$$"},
            "files": {".mine/config": "model = ${model}"},
        }
    )

    command = launch(
        profile, Installation(directory=tmp_path), context(tmp_path, Way(tmp_path / "s")), "", 1
    )

    assert command.argv[-3:] == ("mine", "scripted-model", "http://127.0.0.1:8100")
    assert command.env == {"W": "128000$"}
    assert (tmp_path / "files/home/.mine/config").read_text() == "model = scripted-model"


@pytest.mark.parametrize("model", ['a"b', "a b", "$(id)", "-rf", "a\nb", "{x}", ""])
def test_a_model_whose_name_could_be_code_is_refused(tmp_path: Path, model: str) -> None:
    way = Way(tmp_path / "s", model=model)

    error = refused(tmp_path, Profile.model_validate(OWN), way)

    assert (error.kind, "cannot be given a model" in error.reason) == ("no_model", True)


def test_an_endpoint_that_speaks_otherwise_is_refused(tmp_path: Path) -> None:
    way = Way(tmp_path / "s", api=Api.MESSAGES)

    error = refused(tmp_path, Profile.model_validate(OWN), way)

    assert error.reason == "this agent speaks chat to models, and the endpoint speaks messages"


def test_a_box_that_cannot_hide_a_repositorys_settings_starts_no_agent(tmp_path: Path) -> None:
    (tmp_path / "tree" / ".claude").mkdir(parents=True)

    error = refused(tmp_path, Profile.model_validate(OWN), Way(tmp_path / "s"))

    assert error.kind == "agent_settings"
    assert "settings for agents (.claude)" in error.reason


def test_without_a_model_nothing_starts(tmp_path: Path) -> None:
    assert refused(tmp_path, Profile.model_validate(OWN), None).kind == "no_model"


def test_a_program_that_is_not_there_is_named_with_what_to_type(tmp_path: Path) -> None:
    missing = Installation(directory=tmp_path).missing(BUILT_IN["codex"])

    assert missing is not None
    assert missing.reason == "@agentclientprotocol/codex-acp is not installed"
    assert missing.mend == 'make agents AGENTS="codex"'


def test_a_program_of_another_version_is_not_started(tmp_path: Path) -> None:
    folder = tmp_path / "gemini" / "node_modules" / "@google" / "gemini-cli"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"version": "0.1.0"}')

    error = refused(tmp_path, BUILT_IN["gemini"], Way(tmp_path / "s", api=Api.GENERATE))

    wanted = "@google/gemini-cli is 0.1.0 here; Coppice works with 0.61.0"
    assert (error.kind, error.reason) == ("no_agent", wanted)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"version": 7}', '{"version": "1\\n2"}', "\udcff"]
)
def test_a_package_that_cannot_be_read_is_not_there(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "gemini" / "node_modules" / "@google" / "gemini-cli"
    folder.mkdir(parents=True)
    (folder / "package.json").write_bytes(text.encode(errors="surrogateescape"))

    missing = Installation(directory=tmp_path).missing(BUILT_IN["gemini"])

    assert missing is not None
    assert missing.reason == "@google/gemini-cli is not installed"
