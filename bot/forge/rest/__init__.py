"""GitHub's REST API: a module for each kind of thing, all of them listed in `ROUTES`."""
