#!/usr/bin/env python3
"""Records the previews of this folder anew: eval "$(./holdfast env)" && python3 record.py [name ...]

Works on a copy of what git tracks and a state of its own, both in a temporary folder, and only previews: no
container is made. Some 12 s for each, and a minute for the state. Without a name, all of them.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from seed import state_of
from trim import base_of, scenario_of, write

HERE = Path(__file__).parent
ROOT = HERE.parents[3]
STACK = "plan9"
ROUNDS = 5

SETTINGS = {
    "database": {"replicas": 2, "memory": "512 MB", "maxConnections": 200},
    "backup": {"cloud": {"provider": "builtin"}},
    "monitoring": {"grafana": False},
    "images": {"prometheus": "debian", "alertmanager": "debian", "loki": "modules", "collector": "modules"},
}
CHAIN_ETCD = ("components/database/etcd.ts", r"previous === undefined \? \[\] : \[previous\]", "[]")
CHAIN_POSTGRES = ("components/database/postgres.ts", r", \.\.\.\(previous === undefined \? \[\] : \[previous\]\)", "")
LENGTH = 'length: credential === "django-secret-key" ? 64 : 32'


def database(**more: object) -> dict:
    return {"database": SETTINGS["database"] | more}


def later(context: str) -> tuple[str, str, str]:
    return (f"{context}/Dockerfile", r"\Z", "# later\n")


# Name → what was changed, settings, and pieces of sources (file, pattern, text).
SCENARIOS: dict[str, tuple[str, dict, list[tuple[str, str, str]]]] = {
    "work-mem": ("database.parameters.work_mem: 9MB", database(parameters={"work_mem": "9MB"}), []),
    "max-connections-up": ("database.maxConnections: 200 to 210", database(maxConnections=210), []),
    "max-connections-down": ("database.maxConnections: 200 to 150", database(maxConnections=150), []),
    "memory": ("database.memory: 512 MB to 768 MB", database(memory="768 MB"), []),
    "hba": ("one rule in database.hba", database(hba=["host all all 10.9.0.0/16 scram-sha-256"]), []),
    "durability": ("database.durability: strict", database(durability="strict"), []),
    "scale-out": ("database.replicas: 2 to 3", database(replicas=3), []),
    "scale-in": ("database.replicas: 2 to 1", database(replicas=1), []),
    "database-name": ("database.name: other", database(name="other"), []),
    "cloud-none": ("backup.cloud.provider: none", {"backup": {"cloud": {"provider": "none"}}}, []),
    "subnet": ("another sites.a.subnet", {"sites": {"a": {"host": "h1", "subnet": "10.77.7.0/24"}}}, []),
    "etcd-members": ("etcd.members: 3 to 1", {"etcd": {"members": 1}}, []),
    "docker-host": ("another hosts.h1.docker", {"hosts": {"h1": {"docker": "unix:///run/docker.sock"}}}, []),
    "pool-size": ("pooler.poolSize: 30", {"pooler": {"poolSize": 30}}, []),
    "postgres-image": ("a later images/postgres", {}, [later("images/postgres")]),
    "etcd-image": ("a later images/etcd", {}, [later("images/etcd")]),
    "app-image": ("a later app/", {}, [later("app")]),
    "etcd-unchained": (
        "a later images/etcd, and etcd.ts without dependsOn of the one before", {}, [later("images/etcd"), CHAIN_ETCD],
    ),
    "postgres-unchained": (
        "a later images/postgres, and postgres.ts without dependsOn of the one before",
        {}, [later("images/postgres"), CHAIN_POSTGRES],
    ),
    "unprotected": (
        "volume.ts with protect: false", {}, [("components/docker/volume.ts", "protect: kind.precious", "protect: false")],
    ),
    "password-length": (
        "credentials.ts with other lengths for backup-cipher and django-secret-key",
        {}, [("components/database/credentials.ts", re.escape(LENGTH), LENGTH.replace("django-secret-key", "backup-cipher").replace("64", "48"))],
    ),
    "stack-id": (
        "environment.ts with another byteLength", {}, [("components/environment.ts", "byteLength: 8", "byteLength: 12")],
    ),
    "volume-renamed": (
        "postgres.ts with another name of the data volumes", {}, [("components/database/postgres.ts", "-data`", "-pgdata`")],
    ),
}  # fmt: skip


class Engine:
    """The engine on PATH, on a copy of the checkout."""

    def __init__(self, folder: Path) -> None:
        self.tree, self.folder = folder / "tree", folder
        files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
        for name in files.decode().split("\0"):
            if name and (ROOT / name).is_file():
                (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
                (self.tree / name).write_bytes((ROOT / name).read_bytes())
        (self.tree / "node_modules").symlink_to(ROOT / "node_modules")
        (folder / "state").mkdir()
        own = {"PULUMI_BACKEND_URL": f"file://{folder}/state", "PULUMI_CONFIG_PASSPHRASE": "recorded"}
        self.env = os.environ | own | {"PULUMI_DEBUG_COMMANDS": "true", "PULUMI_STACK": STACK}
        self.env.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)
        self.set({})
        self.run("stack", "init", STACK)

    def run(self, *words: str, may_fail: bool = False) -> str:
        done = subprocess.run(["pulumi", *words, "--non-interactive"], cwd=self.tree, env=self.env, capture_output=True, text=True)
        if done.returncode != 0 and not may_fail:
            sys.exit(f"pulumi {' '.join(words)}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def set(self, settings: dict) -> None:
        """The stack's settings; the salt, once there, stays."""
        file = self.tree / f"Pulumi.{STACK}.yaml"
        salt = re.findall(r"^encryptionsalt:.*$", file.read_text(), re.M) if file.exists() else []
        groups = SETTINGS | settings
        lines = ["config:", *(f"  holdfast:{key}: {json.dumps(value)}" for key, value in groups.items()), *salt]
        file.write_text("\n".join(lines) + "\n")

    def preview(self, secrets: bool = False) -> tuple[Path, dict | None]:
        log, plan = self.folder / "events.jsonl", self.folder / "plan.json"
        plan.unlink(missing_ok=True)
        shown = ["--show-secrets"] if secrets else []
        self.run("preview", "--ignore-protect", "--event-log", str(log), "--save-plan", str(plan), *shown, may_fail=True)
        return log, json.loads(plan.read_text()) if plan.exists() else None

    def seed(self) -> tuple[Path, dict]:
        """Makes the state, in rounds: what one preview knows, the next one's inputs are computed from."""
        file = self.folder / "state.json"
        for last in [False] * (ROUNDS - 1) + [True]:
            _, plan = self.preview(secrets=True)
            assert plan, "the preview of the state failed"
            exported = json.loads(self.run("stack", "export", "--show-secrets"))
            file.write_text(json.dumps(state_of(plan, exported, protect=last)))
            self.run("stack", "import", "--file", str(file))
        log, plan = self.preview()
        assert plan, "the preview of the unchanged stack failed"
        return log, plan


def edited(engine: Engine, pieces: list[tuple[str, str, str]]) -> dict[Path, str]:
    """Changes sources; returns what they were."""
    before = {engine.tree / name: (engine.tree / name).read_text() for name, _, _ in pieces}
    for name, pattern, text in pieces:
        file = engine.tree / name
        fresh, count = re.subn(pattern, lambda _: text, file.read_text())
        assert count, f"{name} has no {pattern}"
        file.write_text(fresh)
    return before


def main() -> None:
    names = sys.argv[1:] or list(SCENARIOS)
    with tempfile.TemporaryDirectory(prefix="holdfast-record-") as folder:
        engine = Engine(Path(folder))
        log, plan = engine.seed()
        base = base_of(log, plan)
        write(HERE / "base.jsonl", base)
        for name in names:
            about, settings, pieces = SCENARIOS[name]
            engine.set(settings)
            before = edited(engine, pieces)
            log, saved = engine.preview()
            assert saved, f"the preview of {name} failed"
            few = name in ("subnet", "docker-host", "stack-id")
            write(HERE / f"{name}.jsonl", scenario_of(about, log, saved, base, few))
            for file, text in before.items():
                file.write_text(text)
            print(name, "recorded")


if __name__ == "__main__":
    main()
