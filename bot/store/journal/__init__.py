"""Deliveries as they come in, on SQLite and on PostgreSQL."""
