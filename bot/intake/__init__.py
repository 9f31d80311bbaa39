"""What comes in from GitHub: verified, written down, answered, and then handled in order."""
