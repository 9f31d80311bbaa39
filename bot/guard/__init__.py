"""Pure checks on data: secrets, paths, changes, hidden text, slash commands; no I/O."""
