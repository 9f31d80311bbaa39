"""Whether what the store says agrees with itself: each room of it has a module of checks here."""
