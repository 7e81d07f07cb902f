"""Questions put to a replica: trial, reproduce, try, and what is built on them."""
