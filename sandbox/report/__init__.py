"""Render results for terminals, machines and tickets; decides nothing."""
