"""What changed between two bundles: schema, rows, odd rows, settings, and how they were made."""
