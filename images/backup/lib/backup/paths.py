"""Where this image keeps its files. Nothing else here names an absolute path."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path("/var/lib/pgbackrest")
DUMPS = REPOSITORY / "dumps"
SUMS = REPOSITORY / "sums"
STATE = REPOSITORY / "state.json"
LOCK = REPOSITORY / "holdfast.lock"

LIVE = Path("/etc/holdfast/live")
SETTINGS = LIVE / "backup.json"
PGBACKREST_CONFIG = LIVE / "pgbackrest.conf"

SECRETS = Path("/etc/holdfast/secrets")
BACKUP_PASSWORD = SECRETS / "postgres-backup"
CA_CERTIFICATE = SECRETS / "tls-ca.crt"
CERTIFICATE = SECRETS / "tls.crt"
KEY = SECRETS / "tls.key"

# Things that end with the container: generated configuration, the password file, the heartbeat.
RUNTIME = Path("/tmp/holdfast")
INCLUDES = RUNTIME / "pgbackrest.d"
PASSWORD_FILE = RUNTIME / "pgpass"
HEARTBEAT = RUNTIME / "heartbeat"
