"""Runs on pull requests of other people: review them, or mend them."""
