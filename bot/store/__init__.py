"""The database: tables, migrations and queries; the only room that knows SQL."""
