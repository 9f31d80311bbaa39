"""GitHub's own description of its REST API and webhooks, cut to what the forge offers."""
