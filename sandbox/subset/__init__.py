"""Decide which rows to take, and why: relations, odd rows, plan, closure."""
