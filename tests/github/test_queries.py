"""Every GraphQL document that Coppice sends fits GitHub's published schema."""

import pytest
from graphql import parse, validate

from bot.forge.graphql.schema import executable
from bot.github import queries

DOCUMENTS = {name: text for name, text in vars(queries).items() if name.isupper()}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_fits_the_schema(name: str) -> None:
    assert validate(executable(), parse(DOCUMENTS[name])) == []


def test_a_field_that_github_does_not_have_is_found() -> None:
    assert validate(executable(), parse("{ viewer { shoeSize } }"))
