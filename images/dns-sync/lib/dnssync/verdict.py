"""Whose addresses an answer has. No I/O."""

from dataclasses import dataclass

from dnssync.facts import Facts


@dataclass(frozen=True)
class Answer:
    """What one server said to one name.

    status: DNS' own word (NOERROR, NXDOMAIN, REFUSED ...), or `silent` for no answer in time.
    ttl: seconds; None without an address.
    """

    service: str
    name: str
    server: str
    status: str
    addresses: tuple[str, ...] = ()
    ttl: int | None = None


def site_of(facts: Facts, answer: Answer) -> str | None:
    """The site whose addresses these are, all of them and no others; None for nobody's."""
    for site, services in facts.sites.items():
        wanted = services.get(answer.service, [])
        if wanted and set(wanted) == set(answer.addresses):
            return site
    return None


def agreed(facts: Facts, answers: list[Answer]) -> str | None:
    """The site that every answer points to; None when they differ, or one points to none."""
    sites = {site_of(facts, answer) for answer in answers}
    return sites.pop() if len(sites) == 1 else None


def told(facts: Facts, answers: list[Answer]) -> list[dict[str, object]]:
    """Answers as JSON, each with its site."""
    return [
        {
            "service": answer.service,
            "name": answer.name,
            "server": answer.server,
            "status": answer.status,
            "addresses": list(answer.addresses),
            "ttl": answer.ttl,
            "site": site_of(facts, answer),
        }
        for answer in answers
    ]
