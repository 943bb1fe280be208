"""Makes a state out of the plan that a preview saved, so that the next preview has something to compare with."""

import hashlib
import json
import uuid

SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
# What stands for values that only an update knows, and what takes their place.
UNKNOWN = {
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9": "0123456789abcdef",
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7": True,
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421": 1,
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2": [],
}
# What the docker plugin reads back of a container and its inputs do not say.
CONTAINER = {
    "attach": False, "bridge": "", "command": [], "containerLogs": "", "cpuShares": 0,
    "entrypoints": [], "exitCode": 0, "init": False, "ipcMode": "private", "logs": False,
    "maxRetryCount": 0, "memoryReservation": 0, "readOnly": False, "rm": False, "runtime": "runc",
    "stdinOpen": False, "stopSignal": "", "tty": False,
    "networkDatas": [{
        "gateway": "10.0.0.1", "globalIpv6Address": "", "globalIpv6PrefixLength": 0, "ipAddress": "10.0.0.2",
        "ipPrefixLength": 24, "ipv6Gateway": "", "macAddress": "", "networkName": "x",
    }],
}  # fmt: skip
RETAINED = ("-postgres-1-data", "-postgres-2-data", "-postgres-3-data")


def digest(word: str, length: int = 64) -> str:
    return hashlib.sha256(word.encode()).hexdigest()[:length]


def secret(value: object) -> dict:
    return {SIGNATURE: SECRET, "plaintext": json.dumps(value)}


def mapped(value: object, leaf=lambda word: word, drop: tuple = ()) -> object:
    """Every text through `leaf`, secrets included; groups without the keys in `drop`."""
    if isinstance(value, str):
        return leaf(value)
    if isinstance(value, list):
        return [mapped(entry, leaf, drop) for entry in value]
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return secret(mapped(json.loads(value["plaintext"]), leaf, drop))
        return {key: mapped(entry, leaf, drop) for key, entry in value.items() if key not in drop}
    return value


def outputs(kind: str, name: str, inputs: dict) -> tuple[str, dict]:
    """Id and outputs of a custom resource, as its plugin would have given them."""
    out = mapped(inputs, drop=("__defaults",))
    assert isinstance(out, dict)
    tail = kind.rpartition(":")[2]
    if kind.startswith("pulumi:providers:"):
        out.pop("__internal", None)
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, name)), out
    if tail == "RandomPassword":
        return "none", out | {"bcryptHash": secret("x"), "id": "none", "result": secret(digest(name, out["length"]))}
    if tail == "RandomId":
        hexes = {"b64Std": "ASNFZ4mrze8=", "dec": "81985529216486895", "hex": "0123456789abcdef"}
        return "ASNFZ4mrze8", out | hexes | {"b64Url": "ASNFZ4mrze8", "id": "ASNFZ4mrze8"}
    if tail == "Volume":
        return out["name"], out | {"driver": "local", "mountpoint": "/m", "id": out["name"]}
    if tail == "Network":
        more = {"internal": False, "scope": "local", "ipamDriver": "default", "options": {}}
        return digest(name), out | more | {"id": digest(name)}
    if tail == "RemoteImage":
        image = "sha256:" + digest(out["name"])
        return image + out["name"], out | {"imageId": image, "repoDigest": "", "id": image + out["name"]}
    if tail == "Container":
        return digest(name), CONTAINER | out | {"id": digest(name)}
    pair = json.dumps({"key": "KEY", "crt": "CRT"})
    issues = name.endswith(("-certificate", "certificate-authority"))
    return "command" + digest(name, 8), out | {"stdout": secret(pair) if issues else "", "stderr": ""}


def state_of(plan: dict, exported: dict, protect: bool) -> dict:
    """A deployment with every resource of the plan; `exported` is the one that the plan was made on."""
    old = {entry["urn"]: entry for entry in exported["deployment"].get("resources") or []}
    made: dict[str, dict] = {}
    for urn, entry in plan["resourcePlans"].items():
        goal = entry["goal"]
        change = goal.get("inputDiff") or {}
        inputs = dict((old.get(urn) or {}).get("inputs") or {})
        for key in change.get("deletes") or []:
            inputs.pop(key, None)
        inputs |= (change.get("adds") or {}) | (change.get("updates") or {})
        inputs = mapped(inputs, lambda word: UNKNOWN.get(word, word))
        one = {"urn": urn, "custom": goal["custom"], "type": goal["type"], "inputs": inputs, "outputs": {}}
        if goal["custom"]:
            one["id"], one["outputs"] = outputs(goal["type"], goal["name"], inputs)
        for key in ("parent", "provider", "dependencies", "propertyDependencies"):
            if goal.get(key):
                one[key] = goal[key]
        # A protected one may not be replaced on the way to a state that fits.
        if protect and goal.get("protect"):
            one["protect"] = True
        if goal["name"].endswith(RETAINED):
            one["retainOnDelete"] = True
        made[urn] = one
    for one in made.values():
        if "provider" in one:
            provider = one["provider"].rpartition("::")[0]
            one["provider"] = f"{provider}::{made[provider]['id']}"
    return exported | {"deployment": exported["deployment"] | {"resources": ordered(made)}}


def ordered(made: dict[str, dict]) -> list[dict]:
    """Parents, providers and dependencies first: the engine reads a state in order."""
    done: dict[str, dict] = {}

    def visit(urn: str) -> None:
        if urn in done or urn not in made:
            return
        one = made[urn]
        before = [one.get("parent"), one.get("provider", "").rpartition("::")[0], *one.get("dependencies", [])]
        for other in before:
            if other:
                visit(other)
        done[urn] = one

    for urn in made:
        visit(urn)
    return list(done.values())
