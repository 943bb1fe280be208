"""What each tier's containers use, by `docker stats` and the label `holdfast.component`."""

from monitoring_cost import cost


def tiers(stack: str, looks: int) -> list[dict[str, object]]:
    """A row for each tier, and one for all of them."""
    components = cost.components(stack)
    taken: list[dict[str, float]] = []
    for _ in range(looks):
        taken.append(look(sorted(components)))
    return rows(components, taken)


def look(containers: list[str]) -> dict[str, float]:
    """MiB of each container, without caches that can be dropped."""
    return {name: one[0].memory for name, one in cost.samples(containers, 0.01, 0).items() if one}


def rows(components: dict[str, str], looks: list[dict[str, float]]) -> list[dict[str, object]]:
    """Sums over a tier's containers, look by look."""
    found = []
    for tier in [*sorted(set(components.values())), "all together"]:
        own = [name for name, component in components.items() if tier in (component, "all together")]
        sums = [sum(one.get(name, 0.0) for name in own) for one in looks]
        found.append({"tier": tier, "containers": len(own), "mebibytes": cost.summary(sums)})
    return found
