"""Durable runs: the only room that imports dbos (rules: docs/architecture.md, Engine)."""
