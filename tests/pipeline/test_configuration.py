"""A repository's configuration is read as it is meant, or refused by name."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.errors import UserError
from bot.pipeline.configuration import RepositoryConfig, load
from bot.pipeline.documentation import PAGE, SCHEMA, keys, page, schema, table
from bot.pipeline.values import branch

ROOT = Path(__file__).resolve().parents[2]


def refusal(text: str) -> str:
    with pytest.raises(UserError) as refused:
        load(text)
    return str(refused.value)


@pytest.mark.parametrize("text", ["", "# nothing\n", "\ufeff", "---\n"])
def test_nothing_is_the_defaults(text: str) -> None:
    assert load(text) == RepositoryConfig()


EVERYTHING = """
verify: {setup: pip install ., test: pytest -q, lint: ruff check}
limits: {attempts: 2, command_seconds: 5, agent_seconds: 6, files: 7, file_bytes: 8, total_bytes: 9,
         open_pull_requests: 1, rounds: 2, settle: 60, idle: 3d}
trigger: {label: bot}
start: [triage, "team:core"]
commands: {short: true}
base: {branch: release/1.x, follow: true}
overlap: ignore
pull_request: {title: tag, template: docs/pr.md}
agent: codex
roles:
  plan: {agent: loop, models: [strong]}
  implement: {agent: claude, models: [local, strong]}
  review: {agent: gemini, models: [cheap]}
budget: {usd: 2.5, minutes: 30.0, tokens: 1000, turns: 20}
gate: always
approvals: {count: 2, from: CODEOWNERS, expire: 12h, not_requester: true}
publish: patch
review: {threshold: note, comments: 7}
ready: auto
ci: auto
red_base: stop
pipeline: plan-only
"""


def leaves(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict) and key != "verify":
            yield from leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def test_every_key_is_taken_as_it_is_written() -> None:
    read = load(EVERYTHING).model_dump(mode="json")

    assert read == yaml.safe_load(EVERYTHING)
    defaults = dict(leaves(RepositoryConfig().model_dump(mode="json")))
    assert [key for key, value in leaves(read) if value == defaults[key]] == []


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("base: release/1.x", "base: {branch: release/1.x}"),
        ("base: follow", "base: {follow: true}"),
        ("budget: 2usd 30min", "budget: {usd: 2, minutes: 30}"),
        ("roles: {plan: [a, b]}", "roles: {plan: {models: [a, b]}}"),
    ],
)
def test_a_short_form_means_the_long_one(short: str, long: str) -> None:
    assert load(short) == load(long) != RepositoryConfig()


def test_commands_keep_their_order_and_setup_is_first() -> None:
    config = load("verify:\n  test: a\n  build: b\n  setup: c\n  audit: d\n")

    assert list(config.verify) == ["setup", "test", "build", "audit"]


def test_it_survives_being_stored() -> None:
    config = load(
        "verify: {test: a, setup: b}\nbase: main\napprovals: {from: CODEOWNERS}\nstart: [triage]\n"
        "roles: {plan: [a]}\nbudget: 1usd\n"
    )

    assert RepositoryConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("triger: {}", "Unknown key `triger`; did you mean `trigger`?"),
        ("trigger: {lable: x}", "Unknown key `trigger.lable`; did you mean `label`?"),
        ("limits: {atempts: 1}", "Unknown key `limits.atempts`; did you mean `attempts`?"),
        ("trigger: {zzz: 1}", "Unknown key `trigger.zzz`; there is: label."),
        ("roles: {plan: {modles: [x]}}", "Unknown key `roles.plan.modles`; did you mean `models`?"),
        ("roles: {planner: [x]}", "Unknown key `roles.planner`; did you mean `plan`?"),
        ("budget: {usdd: 1}", "Unknown key `budget.usdd`; did you mean `usd`?"),
        ("approvals: {form: x}", "Unknown key `approvals.form`; did you mean `from`?"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest(text: str, said: str) -> None:
    assert refusal(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a", "It must be a map of keys to values"),
        ("just words", "It must be a map of keys to values"),
        ("verify: pytest", "`verify`: must be a map of keys to values."),
        ("verify: {test: 5}", "`verify.test`: must be text."),
        ("verify: {test: '  '}", "`verify.test`: string should have at least 1 character."),
        ("verify: {'a\\nb': x}", "`verify."),
        ("verify: {'a/../../b': x}", "`verify.a/../../b`: string should match pattern"),
        ("limits: {attempts: '3'}", "`limits.attempts`: must be a whole number."),
        ("limits: {attempts: 0}", "`limits.attempts`: input should be greater than or equal to 1."),
        ("limits: {attempts: true}", "`limits.attempts`: must be a whole number."),
        ("limits: ~", "`limits`: must be a map of keys to values."),
        ("trigger: {label: ''}", "`trigger.label`: string should have at least 1 character."),
        ("ci: maybe", "`ci`: input should be 'ask' or 'auto'."),
        ("budget: two dollars", "`budget`: `two dollars` is no budget: write it as `5usd`"),
        ("budget: {usd: -1}", "`budget.usd`: input should be greater than or equal to 0."),
        ("budget: {usd: .inf}", "`budget.usd`: "),
        ("gate: sometimes", "`gate`: input should be 'never', 'risky' or 'always'."),
        ("approvals: {expire: soon}", "`approvals.expire`: "),
        ("start: [everybody]", "`start.0`: "),
        ("start: []", "`start`: "),
        ("roles: {plan: 5}", "`roles.plan`: must be a map of keys to values."),
        ("commands: {short: 1}", "`commands.short`: must be `true` or `false`."),
        ("publish: nonsense", "`publish`: input should be 'comment', 'patch', 'branch' or 'pr'."),
        ("pipeline: ../x", "`pipeline`: "),
    ],
)
def test_a_wrong_value_is_named(text: str, said: str) -> None:
    assert refusal(text).startswith(said)


@pytest.mark.parametrize(
    "name", ["../x", "-x", "--upload-pack=x", "a b", "a..b", "a.lock", "x/", "@", "a\\b", "a~1"]
)
def test_a_base_that_no_branch_can_be_called_is_refused(name: str) -> None:
    assert refusal(f"base: '{name}'") == "`base`: is not a name that a branch can have."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (": : :\n\t", "line 1: expected <block end>, but found ':'"),
        ("a: [1\n", "line 2: expected ',' or ']', but got '<stream end>'"),
        ("ci: ask\nci: auto", "line 2: the key `ci` is there twice"),
        ("a: &x 1\nb: *x", "line 1: anchors and aliases are not taken"),
        ("b: *x", "line 1: anchors and aliases are not taken"),
        ("on: 1", "line 1: the key `on` must be text; put it in quotes"),
        ("<<: {a: 1}", "line 1: the key `<<` must be text; put it in quotes"),
        ("[" * 500, "line 1: more than 20 levels are not taken"),
        ("a: 1\n---\nb: 2", "line 2: but found another document"),
        ("a: !!python/object:os.system x", "line 1: could not determine a constructor for the tag"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_by_line(text: str, said: str) -> None:
    assert refusal(text).startswith(f"It is not YAML that Coppice takes: {said}")


@pytest.mark.parametrize("text", ["x: \x00", "x: 2001-99-99", "x: \ud800"])
def test_what_the_parser_cannot_take_is_refused(text: str) -> None:
    assert refusal(text) == "It is not YAML that Coppice takes."


def test_a_bomb_is_refused() -> None:
    bomb = "a: &a [x,x,x]\n" + "".join(f"b{n}: &b{n} [*a,*a]\n" for n in range(50))

    assert "anchors and aliases are not taken" in refusal(bomb)
    assert refusal("#" * 70_000) == "It is 70,000 characters long; 65,536 are taken."


def test_several_faults_are_told_at_once() -> None:
    assert refusal("ci: x\nbase: 5\n").count("\n") == 1


def test_the_published_schema_and_page_are_current() -> None:
    """`python -m bot.pipeline.documentation` writes both."""
    assert SCHEMA.read_text() == schema()
    assert PAGE.read_text() == page()


def test_every_key_says_what_it_does() -> None:
    assert [key for key, field in keys() if not field.description] == []


def way_to(key: str) -> tuple[str, str]:
    """The attribute that a key is read by, and what it is read of."""
    part, _, name = key.rpartition(".")
    if part in ("roles", "budget"):
        return {"roles": ("roles", "of"), "budget": ("config", "budget")}[part]
    name = {"from": "from_", "expire": "expire_seconds"}.get(name, name)
    return (part or "config", name)


def test_what_the_page_shows_as_a_default_can_be_typed() -> None:
    rows = (row.split(" | ") for row in table().splitlines()[2:])
    for key, default, *_ in rows:
        value = default.strip("`").replace(",", "")
        if value != "none":
            typed = value
            for name in reversed(key.strip("|` ").split(".")):
                typed = f"{{{name}: {typed}}}"
            assert load(typed) == RepositoryConfig(), typed


@pytest.mark.parametrize("key", [key for key, _ in keys()])
def test_every_key_is_read_somewhere(key: str) -> None:
    """Outside of the modules that define and document it, and of what it is a part of."""
    assert way_to(key) in READ


def attributes(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute | ast.Name):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else node.value.id
            yield ("config" if owner == "rules" else owner), node.attr


READ = {
    pair
    for folder in ("bot", "handlers")
    for path in (ROOT / folder).rglob("*.py")
    if path.name not in ("configuration.py", "documentation.py") and "forge" not in path.parts
    for pair in attributes(path)
}


@pytest.mark.parametrize("name", ["", "../x", "-x", "a b", "@{u}", "x.lock"])
def test_a_person_cannot_name_a_branch_that_is_none(name: str) -> None:
    with pytest.raises(UserError):
        branch(name)
