"""Which schema a database has, and how it gets that of this version."""
