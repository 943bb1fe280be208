"""PgBouncer's userlist.txt, composed from the secrets on a tmpfs."""

import os
from pathlib import Path

SECRETS = Path("/etc/holdfast/secrets")

# user of the list -> secret that holds its password. `pgbouncer` logs in to PostgreSQL and looks
# up all others
# (auth_query), for which PgBouncer needs the plain password: SCRAM gives a server no other way in.
USERS = {
    "pgbouncer": "postgres-pgbouncer",
    "holdfast": "pooler-admin",
    "pooler-monitor": "pooler-monitor",
}


def secret(name: str, folder: Path = SECRETS) -> str:
    """The secret's text. Raises SystemExit that says which file is missing."""
    try:
        text = (folder / name).read_text(encoding="utf-8").rstrip("\n")
    except OSError as error:
        raise SystemExit(
            f"holdfast-pooler: cannot read the secret {folder / name} ({error.strerror}); "
            "upload it root:root 0440 and add group 0 to the container"
        ) from error
    if not text:
        raise SystemExit(f"holdfast-pooler: the secret {folder / name} is empty")
    return text


def compose(passwords: dict[str, str]) -> str:
    """The list's text: "user" "password" a line, double quotes doubled."""
    lines = []
    for user, password in passwords.items():
        if "\n" in password:
            raise ValueError(f"the password of {user} contains a line break")
        lines.append('"{}" "{}"\n'.format(user.replace('"', '""'), password.replace('"', '""')))
    return "".join(lines)


def write(path: Path, folder: Path = SECRETS) -> None:
    """Writes the list to `path`, mode 0600, in one step."""
    text = compose({user: secret(name, folder) for user, name in USERS.items()})
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
