#!/usr/bin/python3
"""Checks one rendered file, given on standard input, as the cluster would take it.

usage: holdfast-validate postgresql.conf|pg_hba.conf|dynamic.yml|patroni.yml < file

Exit code 0 when it is fine, 1 with the reason when not. Needs no network and no environment.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from checks import check_parameters
from dynamic import OWNED, PATRONI_OWN, patroni_fault
from pgconf import ConfigFault, parse_conf, parse_hba


def check(name: str, text: str) -> None:
    """ConfigFault when the file is not fit."""
    if name == "postgresql.conf":
        parameters = {k: v for k, v in parse_conf(text).items() if k not in PATRONI_OWN}
        fault = patroni_fault(parameters)
        if fault:
            raise ConfigFault(fault)
        check_parameters(parameters)
    elif name == "pg_hba.conf":
        parse_hba(text)
    elif name == "dynamic.yml":
        try:
            document = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ConfigFault(f"dynamic.yml is no YAML: {error}") from error
        missing = [key for key in OWNED if key not in (document or {})]
        if missing:
            raise ConfigFault(f"dynamic.yml lacks {', '.join(missing)}")
    elif name == "patroni.yml":
        check_patroni(text)
    else:
        known = "postgresql.conf, pg_hba.conf, dynamic.yml, patroni.yml"
        raise ConfigFault(f'"{name}" is none of {known}')


def check_patroni(text: str) -> None:
    """Patroni's own validator.

    Passwords and bootstrap.dcs are not in the file: stand-ins take their place. That etcd is not
    reachable from here is no fault of the file.
    """
    word = {"password": "validate"}
    accounts = {"superuser": word, "replication": word, "rewind": word}
    rest = {
        "restapi": {"authentication": word},
        "postgresql": {"authentication": accounts},
        "bootstrap": {"dcs": {"ttl": 20, "loop_wait": 1, "retry_timeout": 3}},
    }
    with tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
        Path(folder, "10-fixed.yml").write_text(text)
        Path(folder, "20-rest.yml").write_text(yaml.safe_dump(rest))
        command = ["patroni", "--validate-config", "--ignore-listen-port", folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    said = (done.stdout + done.stderr).strip().splitlines()
    faults = [line for line in said if not line.endswith("is not reachable")]
    if done.returncode != 0 and (faults or not said):
        raise ConfigFault(f"patroni.yml: {'; '.join(faults) or done.returncode}")


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        check(sys.argv[1], sys.stdin.read())
    except ConfigFault as error:
        sys.exit(f"holdfast-validate: {error}")
    print(f"{sys.argv[1]} is fine")


if __name__ == "__main__":
    main()
