"""The one place that talks to MySQL and MariaDB: connections, sessions, schema, exact reads."""
