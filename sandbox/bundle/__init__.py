"""The bundle format: write, read, verify, seal. All that crosses between the halves."""
