"""What a failed update means, in words. No I/O."""

from typing import NamedTuple

from dnssync.facts import Facts

SET_SECRET = "pulumi config set --secret dnsSecret, then ./holdfast up"
OURS = "docker ps --all --filter label=holdfast.component=dns shows it; ./holdfast up brings it back"


class Meaning(NamedTuple):
    """signs: parts of what octoDNS, dnspython and the kernel say; any of them is enough.

    builtin: the next step where the name server is this stack's own, if that is another one.
    """

    signs: tuple[str, ...]
    problem: str
    next_step: str
    builtin: str = ""


# The first that is found counts.
MEANINGS = (
    Meaning(
        ("didn't know the key", "BADKEY"),
        "the name server does not know the TSIG key",
        "compare dns.keyName and dns.keyAlgorithm with the server's configuration",
        OURS,
    ),
    Meaning(
        ("didn't like the signature", "BADSIG", "BadSignature"),
        "the name server refuses the TSIG key: its secret is another one there",
        SET_SECRET,
        OURS,
    ),
    Meaning(
        ("didn't like the time", "BADTIME"),
        "the clocks of this host and of the name server differ by more than TSIG allows (5 min)",
        "set both by NTP",
    ),
    Meaning(
        ("NOTAUTH", "NOTZONE"),
        "the name server does not take the TSIG key, or does not serve {zone}",
        "compare dns.keyName, dns.keyAlgorithm, dns.zone and dnsSecret with the server's configuration",
        OURS,
    ),
    Meaning(
        ("REFUSED",),
        "the name server refuses: the TSIG key may not read or change {zone} there",
        "let the key transfer the zone and update A and AAAA in it: docs/dns.md has the lines",
        OURS,
    ),
    Meaning(
        ("timed out", "refused", "No route to host", "unreachable", "reset by peer", "EOF"),
        "{who} cannot be reached",
        "see that it runs, and that its TCP port is open from this host",
        OURS,
    ),
    Meaning(
        ("Name or service not known", "name resolution", "does not exist"),
        "the name of the DNS server or of the provider's API cannot be resolved",
        "see that this Docker host resolves names",
    ),
    Meaning(
        ("401", "403", "nauthorized", "Forbidden", "InvalidClientTokenId", "AccessDenied", "uthentication"),
        "the DNS service refuses the credentials",
        SET_SECRET,
    ),
)


def explain(facts: Facts, said: str) -> tuple[str, str]:
    """(what is wrong, what to do) for an error's text."""
    # Asked and changed are one and the same, but for a service with an API.
    servers = ", ".join(str(server) for server in facts.servers)
    who = "the DNS service" if facts.provider == "octodns" else f"the name server at {servers}"
    for meaning in MEANINGS:
        if any(sign in said for sign in meaning.signs):
            problem = meaning.problem.format(zone=facts.zone, who=who)
            own = meaning.builtin if facts.provider == "builtin" else ""
            return f"{problem} ({said})", own or meaning.next_step
    return f"octoDNS could not update {facts.zone}: {said}", "docs/dns.md says what each provider needs"
