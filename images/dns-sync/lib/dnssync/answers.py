"""Asks name servers, as a client does: one UDP question, without any cache of our own."""

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver

from dnssync.facts import Facts, Server
from dnssync.verdict import Answer

# A name server answers within milliseconds; a client's library asks again after 5 s at the latest.
TIMEOUT_SECONDS = 2.0
TYPES = (dns.rdatatype.A, dns.rdatatype.AAAA)


def ask(facts: Facts) -> list[Answer]:
    """What each server says to each name."""
    servers = facts.servers or _own_servers(facts.zone)
    if not servers:
        return [
            Answer(service, name, "none found", "silent") for service, name in facts.names.items()
        ]
    return [
        _one(service, name, server, _types(facts, service))
        for service, name in facts.names.items()
        for server in servers
    ]


def _types(facts: Facts, service: str) -> list[dns.rdatatype.RdataType]:
    """Only the kinds of address that some site has: each is a question of its own."""
    wanted = [one for services in facts.sites.values() for one in services.get(service, [])]
    return [kind for kind in TYPES if any((":" in one) == (kind == TYPES[1]) for one in wanted)]


def _one(
    service: str, name: str, server: Server, kinds: list[dns.rdatatype.RdataType]
) -> Answer:
    addresses: list[str] = []
    ttls: list[int] = []
    status = "NOERROR"
    for kind in kinds:
        question = dns.message.make_query(name, kind)
        try:
            host = _address_of(server.host)
            said, _ = dns.query.udp_with_fallback(
                question, host, timeout=TIMEOUT_SECONDS, port=server.port
            )
        except (dns.exception.DNSException, OSError):
            return Answer(service, name, str(server), "silent")
        if said.rcode() != dns.rcode.NOERROR:
            status = dns.rcode.to_text(said.rcode())
        for rrset in said.answer:
            if rrset.rdtype == kind:
                addresses += [one.to_text() for one in rrset]
                ttls.append(rrset.ttl)
    return Answer(
        service, name, str(server), status, tuple(sorted(addresses)), min(ttls, default=None)
    )


def _own_servers(zone: str) -> list[Server]:
    """The zone's name servers, as the system's resolver knows them."""
    resolver = dns.resolver.Resolver()
    resolver.lifetime = TIMEOUT_SECONDS
    try:
        names = [one.target.to_text() for one in resolver.resolve(zone, "NS")]
        return [
            Server(address.to_text(), 53)
            for name in sorted(names)
            for address in resolver.resolve(name, "A")
        ]
    except (dns.exception.DNSException, OSError):
        return []


def _address_of(host: str) -> str:
    if dns.inet.is_address(host):
        return host
    resolver = dns.resolver.Resolver()
    resolver.lifetime = TIMEOUT_SECONDS
    return resolver.resolve(host, "A")[0].to_text()
