"""The weekly cycle of QA and the bundle store."""
