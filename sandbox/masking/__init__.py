"""Turn values into pseudonyms: pure functions of (key, domain, value)."""
