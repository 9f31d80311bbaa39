"""Keep an installation: backup, restore, move, checks, and what may go after a while."""
