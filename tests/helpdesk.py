"""A helpdesk as PHP applications leave it: hardly a key declared, and names that mislead."""

from __future__ import annotations

from database_servers import DatabaseServer

_KEY = "id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY"
USERS, TICKETS, COMMENTS = 400, 3000, 4000

TABLES = (
    (
        f"CREATE TABLE users ({_KEY}, username VARCHAR(40) NOT NULL, email VARCHAR(80) NOT NULL,"
        " department_id INT UNSIGNED NOT NULL, UNIQUE KEY (username), KEY (department_id))"
    ),
    (
        f"CREATE TABLE departments ({_KEY}, code CHAR(3) NOT NULL, title VARCHAR(40),"
        " parent_id INT UNSIGNED NOT NULL DEFAULT 0, UNIQUE KEY (code))"
    ),
    "CREATE TABLE priorities (id TINYINT UNSIGNED NOT NULL PRIMARY KEY, title VARCHAR(20))",
    (
        f"CREATE TABLE tickets ({_KEY}, ticket_no VARCHAR(16) NOT NULL, user_id INT UNSIGNED NOT"
        " NULL,"
        " assigned_to VARCHAR(40) NULL, created_by INT UNSIGNED NOT NULL,"
        # No table of states; gateway numbers; a small number; a yes or no.
        " status_id TINYINT UNSIGNED NOT NULL, external_user_id INT UNSIGNED NOT NULL,"
        " rating INT UNSIGNED NOT NULL, user_notified TINYINT(1) NOT NULL,"
        " priority_id TINYINT UNSIGNED NOT NULL, department_code CHAR(3) NULL,"
        " closed_at DATETIME NULL, UNIQUE KEY (ticket_no), KEY (user_id), KEY (assigned_to))"
    ),
    (
        f"CREATE TABLE comments ({_KEY}, ticket_id INT UNSIGNED NOT NULL,"
        " author_user_id INT UNSIGNED NOT NULL DEFAULT 0, parent_id INT UNSIGNED NULL, body TEXT,"
        " KEY (ticket_id), KEY (parent_id))"
    ),
    (
        f"CREATE TABLE attachments ({_KEY}, owner_type VARCHAR(20) NOT NULL, owner_id INT"
        " UNSIGNED NOT"
        " NULL, file_name VARCHAR(80) NOT NULL, KEY owner (owner_type, owner_id))"
    ),
    # The key of a ticket as text, as an import left it; nobody is '' there.
    (
        f"CREATE TABLE mails ({_KEY}, ticket_id VARCHAR(20) NOT NULL DEFAULT '', subject"
        " VARCHAR(80),"
        " message_id VARCHAR(60) NOT NULL, KEY (ticket_id))"
    ),
    # payment_id is the number of a payment provider: there are payments, and these are not meant.
    (
        f"CREATE TABLE payments ({_KEY}, ticket_no VARCHAR(16) NOT NULL, amount DECIMAL(9,2) NOT"
        " NULL,"
        " payment_type VARCHAR(20) NOT NULL)"
    ),
    (
        f"CREATE TABLE refunds ({_KEY}, payment_id BIGINT UNSIGNED NOT NULL, user_type"
        " VARCHAR(20) NOT"
        " NULL, user_id INT UNSIGNED NOT NULL)"
    ),
    (
        "CREATE TABLE watchers (ticket_id INT UNSIGNED NOT NULL, user_id INT UNSIGNED NOT NULL,"
        " PRIMARY KEY (ticket_id, user_id))"
    ),
    f"CREATE TABLE logins ({_KEY}, id_user INT UNSIGNED NOT NULL, session_id VARCHAR(32) NOT NULL)",
    # The one key that somebody declared.
    (
        f"CREATE TABLE notes ({_KEY}, user_id INT UNSIGNED NOT NULL, text TEXT,"
        " CONSTRAINT notes_user FOREIGN KEY (user_id) REFERENCES users (id))"
    ),
)

ROWS = (
    (
        "INSERT INTO departments VALUES (1,'SUP','Support',0), (2,'DEV','Development',0),"
        " (3,'OPS','Operations',2), (4,'HRM','People',1)"
    ),
    "INSERT INTO priorities VALUES (1,'low'), (2,'normal'), (3,'high')",
    (
        f"INSERT INTO users SELECT n, CONCAT('user', n * 7), CONCAT('u', n, '@example.org'),"
        f" 1 + n % 4 FROM numbers WHERE n <= {USERS}"
    ),
    (
        f"INSERT INTO tickets SELECT n, CONCAT('T-', 100000 + n * 13), 1 + n * 17 % {USERS},"
        f" IF(n % 5 = 0, NULL, CONCAT('user', (1 + n * 3 % {USERS}) * 7)), 1 + n * 29 % {USERS},"
        " 1 + n % 6, 900000 + n * 11, 1 + n % 5, n % 2, 1 + n % 3,"
        " IF(n % 3 = 0, NULL, ELT(1 + n % 4, 'SUP', 'DEV', 'OPS', 'HRM')), NULL"
        f" FROM numbers WHERE n <= {TICKETS}"
    ),
    # Every hundredth has an author who was removed; some have none.
    (
        f"INSERT INTO comments SELECT n, 1 + n * 7 % {TICKETS},"
        f" IF(n % 100 = 0, 100000 + n, IF(n % 10 = 1, 0, 1 + n % {USERS})),"
        f" IF(n % 4 = 0, n - 1, NULL), 'text' FROM numbers WHERE n <= {COMMENTS}"
    ),
    (
        "INSERT INTO attachments SELECT n, ELT(1 + n % 3, 'ticket', 'comment', 'user'),"
        f" 1 + n * 11 % {USERS}, CONCAT(n, '.pdf') FROM numbers WHERE n <= 2000"
    ),
    (
        f"INSERT INTO mails SELECT n, IF(n % 20 = 0, '', 1 + n * 3 % {TICKETS}), 'Re',"
        " LEFT(SHA2(n, 256), 32)"
        " FROM numbers WHERE n <= 1500"
    ),
    (
        "INSERT INTO payments SELECT n, CONCAT('T-', 100000 + (1 + n % 900) * 13), n / 7,"
        " ELT(1 + n % 2, 'card', 'transfer') FROM numbers WHERE n <= 500"
    ),
    (
        "INSERT INTO refunds SELECT n, 7000000000 + n * 31, ELT(1 + n % 2, 'admin', 'customer'),"
        f" 1 + n % {USERS} FROM numbers WHERE n <= 100"
    ),
    (
        f"INSERT IGNORE INTO watchers SELECT 1 + n * 5 % {TICKETS}, 1 + n % {USERS} FROM numbers"
        " WHERE n <= 1000"
    ),
    (
        f"INSERT INTO logins SELECT n, 1 + n % {USERS}, LEFT(SHA2(n, 256), 32) FROM numbers WHERE n"
        " <= 900"
    ),
    "INSERT INTO notes SELECT n, n, 'x' FROM numbers WHERE n <= 50",
)

# Every relation that there is and that no key declares.
TRUE_RELATIONS = frozenset(
    {
        "users.department_id -> departments.id",
        "departments.parent_id -> departments.id",
        "tickets.user_id -> users.id",
        "tickets.assigned_to -> users.username",
        "tickets.created_by -> users.id",
        "tickets.priority_id -> priorities.id",
        "tickets.department_code -> departments.code",
        "comments.ticket_id -> tickets.id",
        "comments.author_user_id -> users.id",
        "comments.parent_id -> comments.id",
        "attachments.owner_id -> tickets.id where owner_type = 'ticket'",
        "attachments.owner_id -> comments.id where owner_type = 'comment'",
        "attachments.owner_id -> users.id where owner_type = 'user'",
        "mails.ticket_id -> tickets.id",
        "payments.ticket_no -> tickets.ticket_no",
        "refunds.user_id -> users.id",
        "watchers.ticket_id -> tickets.id",
        "watchers.user_id -> users.id",
        "logins.id_user -> users.id",
    }
)
# Numbers of people under a name that could mean anything: for somebody to confirm.
DOUBTFUL = frozenset({"tickets.created_by -> users.id"})


def make_helpdesk(server: DatabaseServer) -> str:
    """Make the database and give its name."""
    database = server.make_database("CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
    digits = " UNION ALL ".join(f"SELECT {n} AS d" for n in range(10))
    numbers = (
        "CREATE TABLE numbers AS SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 1 AS n"
        f" FROM ({digits}) a, ({digits}) b, ({digits}) c, ({digits}) e"
    )
    analyze = "ANALYZE TABLE users, tickets, comments, attachments, departments, priorities"
    server.run(*TABLES, numbers, *ROWS, "DROP TABLE numbers", analyze, database=database)
    return database
