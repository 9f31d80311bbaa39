"""How long lists, pages and commands take when the store is full, against a store that is not."""
