"""Reads the rendered postgresql.conf and pg_hba.conf. Pure functions, no server needed."""

import ipaddress
import re

_LINE = re.compile(
    r"""^\s*(?P<name>[A-Za-z_][\w$.]*)\s*(?:=|\s)\s*
    (?:'(?P<quoted>(?:[^'\\]|''|\\.)*)'|(?P<plain>[^\s#']+))\s*(?:\#.*)?$""",
    re.VERBOSE,
)
_TYPES = {"local", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc"}
_METHODS = {
    "trust", "reject", "md5", "password", "scram-sha-256", "gss", "sspi", "ident", "peer", "pam",
    "ldap", "radius", "cert",
}  # fmt: skip


class ConfigFault(Exception):
    """A line that PostgreSQL would refuse; the text names file and line."""


def parse_conf(text: str, file: str = "postgresql.conf") -> dict[str, str]:
    """Parameters by lower-case name; of two lines of one name the last wins, as in PostgreSQL."""
    parameters: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.match(line)
        if not match:
            raise ConfigFault(f"{file}, line {number}: not NAME = VALUE: {line.strip()}")
        name = match["name"].lower()
        if name in ("include", "include_if_exists", "include_dir"):
            raise ConfigFault(f"{file}, line {number}: {name} is not allowed: one file only")
        quoted = match["quoted"]
        parameters[name] = match["plain"] if quoted is None else _unquote(quoted)
    return parameters


def _unquote(text: str) -> str:
    """PostgreSQL's own escapes: '' for a quote, a backslash before any other character."""
    return re.sub(r"''|\\(.)", lambda found: found.group(1) or "'", text, flags=re.DOTALL)


def quote(value: str) -> str:
    """A value as postgresql.conf wants it."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def parse_hba(text: str, file: str = "pg_hba.conf") -> list[str]:
    """The rules, single spaces between fields, each checked as far as text alone allows."""
    rules = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        rule = _squeeze(line.strip())
        fault = hba_fault(rule)
        if fault:
            raise ConfigFault(f"{file}, line {number}: {fault}: {rule}")
        rules.append(rule)
    if not rules:
        raise ConfigFault(f"{file} has no rule: nobody could connect")
    return rules


def _squeeze(line: str) -> str:
    """Runs of blanks outside quotes as one space."""
    return re.sub(r'("[^"]*")|\s+', lambda found: found.group(1) or " ", line)


def hba_fault(rule: str) -> str | None:
    """What is wrong with a rule, None when nothing is."""
    fields = re.findall(r'(?:"[^"]*"|[^\s"])+', rule)
    kind = fields[0]
    if kind not in _TYPES:
        return f'unknown type "{kind}"'
    rest = fields[3:]
    if len(fields) < 4 or (kind != "local" and len(fields) < 5):
        return "too few fields"
    if kind != "local":
        address = rest.pop(0)
        if not _is_address(address):
            return f'"{address}" is no address'
        if "/" not in address and _is_ip(address):
            if not rest or not _is_ip(rest[0]):
                return f'"{address}" needs a mask, as in {address}/32'
            rest.pop(0)
    if not rest or rest[0] not in _METHODS:
        return f'unknown method "{rest[0] if rest else ""}"'
    if rest[0] == "peer" and kind != "local":
        return "peer is for local rules only"
    if rest[0] == "cert" and kind != "hostssl":
        return "cert is for hostssl rules only"
    if any("=" not in option for option in rest[1:]):
        return "an option is not NAME=VALUE"
    return None


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_address(text: str) -> bool:
    """An IP, a network, a keyword or a host name."""
    if text in ("all", "samehost", "samenet"):
        return True
    if "/" in text:
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            return False
        return True
    return bool(re.fullmatch(r"\.?[\w-]+(\.[\w-]+)*|[0-9A-Fa-f:.]+", text))
