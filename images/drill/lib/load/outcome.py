"""How a transaction ended, by what was seen of it. Pure."""

ACKNOWLEDGED = "a"
REJECTED = "r"
UNKNOWN = "u"

# SQLSTATEs that may come after the commit record was written, or from a pooler that cannot know:
# 08 connection exceptions (PgBouncer's own errors are 08P01), 53 disk full or out of memory (a
# PANIC while WAL is written has it), 57 shutdowns and crashes, 58 I/O errors (and PgBouncer's
# 58000), XX internal errors. Every other class is raised before the commit record.
_UNPROVEN_CLASSES = frozenset({"08", "53", "57", "58", "XX"})
# After these the server closes the connection: they can come from any point of the commit.
_ENDS_THE_SESSION = frozenset({"FATAL", "PANIC"})
# PostgreSQL's word for a commit that it did not wait for: "canceling wait for synchronous
# replication …". It stands on the leader's disk and may be on no other.
_NOT_REPLICATED = "synchronous replication"


def of_answer(command_tag: str | None, notices: list[str]) -> str:
    """The outcome of a COMMIT that was answered without an error.

    COMMIT of a failed transaction is answered with ROLLBACK. A commit whose wait for the
    synchronous standby was cancelled is answered with success and a warning; the guarantee (M16)
    is about what was confirmed as durable, and the warning says that this one was not: unknown.
    """
    if command_tag == "ROLLBACK":
        return REJECTED
    if command_tag != "COMMIT":
        return UNKNOWN
    return UNKNOWN if any(_NOT_REPLICATED in notice for notice in notices) else ACKNOWLEDGED


def of_commit_error(severity: str | None, sqlstate: str | None) -> str:
    """The outcome of a COMMIT that failed.

    severity and sqlstate as the server (or the pooler) gave them; None when libpq itself reports
    the error, as it does for a lost connection.
    """
    if sqlstate is None or severity in _ENDS_THE_SESSION or sqlstate[:2] in _UNPROVEN_CLASSES:
        return UNKNOWN
    return REJECTED
