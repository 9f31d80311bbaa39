"""A third party's CI as a play: GitHub Actions or commit statuses, by a script."""
