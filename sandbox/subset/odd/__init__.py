"""Odd rows on purpose: the values and relations that break programs, found and taken."""
