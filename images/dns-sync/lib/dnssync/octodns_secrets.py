"""octoDNS' way to a secret: `file/NAME` in its configuration is the file NAME of the container's secrets."""

import os
from pathlib import Path

from octodns.secret.base import BaseSecrets
from octodns.secret.exception import SecretsException

FOLDER = Path("/etc/holdfast/secrets")


class FileSecrets(BaseSecrets):
    """Never the environment: `docker inspect` shows that to everybody."""

    def fetch(self, name: str, source: object) -> str:
        if os.environ.get("HOLDFAST_SECRETS_STAND_IN"):
            # holdfast-validate checks a configuration before there is a secret. base64, as a TSIG key is.
            return "c3RhbmRpbg=="
        try:
            return (FOLDER / name).read_text().strip()
        except OSError as error:
            raise SecretsException(f"cannot read the secret {FOLDER / name}: {error.strerror}") from error
