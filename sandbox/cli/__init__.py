"""Thin Typer commands, one module per person."""
