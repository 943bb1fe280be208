"""What is kept of a preview's events and of its saved plan; see README.md."""

import json
import re
from pathlib import Path

# Inputs that the plan's rules read, beside those that differ.
READ = {
    "docker:index/container:Container": ["image", "labels", "volumes", "envs", "memory", "memorySwap", "name"],
    "docker:index/volume:Volume": ["name"],
    "command:local:Command": ["create", "stdin"],
    "docker:index/remoteImage:RemoteImage": ["build", "name"],
    "pulumi:providers:docker": ["host"],
    "docker:index/network:Network": ["ipamConfigs", "name"],
}
FILES = ("postgresql.conf", "pg_hba.conf", "dynamic.yml", "facts.json", "pgbackrest.conf", "backup.json")
# Of changes to everything: these say all that there is to say.
FEW = re.compile(r"(Network|providers:docker|RandomPassword|RandomId)::|::a-(etcd|postgres)-\d(-data)?$")


def name_of(urn: str) -> str:
    return urn.rpartition("::")[2]


def is_house(kind: str) -> bool:
    return kind.startswith("holdfast:") or kind == "pulumi:pulumi:Stack"


def without_defaults(value: object) -> object:
    if isinstance(value, list):
        return [without_defaults(entry) for entry in value]
    if isinstance(value, dict):
        return {key: without_defaults(entry) for key, entry in value.items() if key != "__defaults"}
    return value


def goal_of(plan: dict, urn: str) -> tuple[list[str], bool]:
    """Containers that a resource waits for, by name, and whether it is protected."""
    goal = plan["resourcePlans"][urn]["goal"]
    waits = {name_of(other) for other in goal.get("dependencies") or [] if "container:Container" in other}
    return sorted(waits), bool(goal.get("protect"))


def read(log: Path) -> list[dict]:
    """The steps of an event log."""
    events = [json.loads(line) for line in log.read_text().splitlines() if line]
    return [event["resourcePreEvent"]["metadata"] for event in events if "resourcePreEvent" in event]


def base_of(log: Path, plan: dict) -> list[dict]:
    """Every resource of a stack to which nothing happens."""
    lines = []
    for step in read(log):
        if is_house(step["type"]):
            continue
        given, side = step["new"]["inputs"], step["new"]
        inputs = {key: given[key] for key in READ.get(step["type"], []) if key in given}
        if step["type"] == "command:local:Command":
            if not name_of(step["urn"]).endswith(FILES):
                inputs.pop("stdin", None)
            script = inputs.pop("create", "")
            if "/live" in script:
                inputs["create"] = script.partition("\nfor CONTAINER")[0]
        line = {"urn": step["urn"], "type": step["type"], "inputs": without_defaults(inputs)}
        line |= {key: True for key in ("protect", "retainOnDelete") if side.get(key)}
        waits, _ = goal_of(plan, step["urn"])
        lines.append(line | ({"dependsOn": waits} if waits else {}))
    return lines


def scenario_of(about: str, log: Path, plan: dict, base: list[dict], few: bool) -> list[dict]:
    """The head, then what is not `same`."""
    lines = []
    for step in read(log):
        if step["op"] == "same" or is_house(step["type"]) or (few and not FEW.search(step["urn"])):
            continue
        step = {key: value for key, value in step.items() if value not in (None, "")}
        differing = {re.split(r"[.\[]", key)[0] for key in [*step.get("diffs", []), *step.get("keys", [])]}
        for side in ("old", "new"):
            if side in step:
                whole = step[side]
                keep = differing | set(READ.get(step["type"], whole["inputs"]))
                inputs = {key: value for key, value in whole["inputs"].items() if key in keep}
                step[side] = {"inputs": inputs} | {k: True for k in ("protect", "retainOnDelete") if whole.get(k)}
        for key in ("provider", "detailedDiff"):
            step.pop(key, None)
        lines.append({"resourcePreEvent": {"metadata": step}})
    return [{"about": about, "goals": goals_of(plan, base)}, *lines]


def goals_of(plan: dict, base: list[dict]) -> dict:
    known = {line["urn"]: (line.get("dependsOn", []), line.get("protect", False)) for line in base}
    goals = {}
    for urn, entry in plan["resourcePlans"].items():
        if not entry.get("goal") or is_house(entry["goal"]["type"]):
            continue
        waits, protect = goal_of(plan, urn)
        if known.get(urn) != (waits, protect):
            goals[urn] = {"protect": protect, "dependsOn": waits}
    return goals


def write(path: Path, lines: list[dict]) -> None:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
