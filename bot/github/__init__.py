"""GitHub at the edge: the App's identity, the client, typed reads, effects and every text."""
