"""From a server's captured settings to what runs in the replica. Pure but for `code`."""
