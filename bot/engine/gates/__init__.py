"""Where a run waits for people: its plan, an amendment, somebody else's pull request."""
