"""Where this image keeps its files. Nothing else here names an absolute path."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path("/var/lib/pgbackrest")
DUMPS = REPOSITORY / "dumps"
SUMS = REPOSITORY / "sums"
UPLOADS = REPOSITORY / "uploads"
"""What the cloud holds of each dump: `<label>.json`, the cloud's own sealed.json."""
STATE = REPOSITORY / "state.json"
LOCK = REPOSITORY / "holdfast.lock"
RESERVE = REPOSITORY / "reserve"
"""Bytes given up when the volume is full, so that expiring can write its few."""

HOME = Path("/var/lib/holdfast")
SCRATCH = HOME / "scratch"
RECORDS = HOME / "records"
MARKS = HOME / "marks"

LIVE = Path("/etc/holdfast/live")
SETTINGS = LIVE / "backup.json"
PGBACKREST_CONFIG = LIVE / "pgbackrest.conf"

SECRETS = Path("/etc/holdfast/secrets")
BACKUP_PASSWORD = SECRETS / "postgres-backup"
CA_CERTIFICATE = SECRETS / "tls-ca.crt"
CERTIFICATE = SECRETS / "tls.crt"
KEY = SECRETS / "tls.key"
CLOUD_KEY_ID = SECRETS / "cloud-key-id"
CLOUD_KEY_SECRET = SECRETS / "cloud-key-secret"
CIPHER_PASS = SECRETS / "cipher-pass"

# Things that end with the container, on tmpfs: generated configuration with its secrets, the
# password file, the heartbeat, facts that one process here tells another.
RUNTIME = Path("/run/holdfast")
PGBACKREST = RUNTIME / "pgbackrest"
PASSWORD_FILE = RUNTIME / "pgpass"
CIPHER_PASS_FILE = RUNTIME / "cipher-pass"
HEARTBEAT = RUNTIME / "heartbeat"
ARCHIVE_FACTS = RUNTIME / "archive.json"
BACKUP_OWED = RUNTIME / "backup-owed.json"
"""`{"cloud": "reason"}`: repositories that need a new base backup; archive/ writes it."""
