"""Records as JSON, with exactly GitHub's keys; a module for each kind of thing."""
