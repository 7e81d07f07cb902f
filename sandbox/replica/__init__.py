"""The developer's half: images, golden database, stack, isolation."""
