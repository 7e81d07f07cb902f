"""Relations that no foreign key declares: proposed, measured on the data, judged."""
