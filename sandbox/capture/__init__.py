"""Read the facts of servers, databases and logs."""
