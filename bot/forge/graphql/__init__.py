"""GitHub's GraphQL API, as far as an App needs it: fields as in `schema/graphql_fields.py`."""
