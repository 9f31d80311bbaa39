"""How DBOS is set up, and the words that workflow bodies are written in."""
