/** What hosts, sites and the witness owe each other. Pure. */
import type { Fault } from "./faults.ts";
import type { Parsed } from "./schema.ts";
import { portsOf } from "./sites.ts";
import type { Path } from "./tree.ts";

/** Names that resources outside of every site begin with. */
const RESERVED = ["witness", "link", "dns"];

/** Every contradiction between hosts, sites, the witness and the ports they publish. */
export function siteFaults(settings: Parsed): Fault[] {
  return [
    ...hostReferences(settings),
    ...siteCount(settings),
    ...unusedHosts(settings),
    ...addresses(settings),
    ...overlaps(settings),
    ...roles(settings),
    ...offsets(settings),
    ...cloud(settings),
  ];
}

/** Whether sites and witness stand on several Docker hosts. */
export function spansHosts({ sites, witness }: Parsed): boolean {
  return (
    new Set([...Object.values(sites), ...(witness ? [witness] : [])].map(({ host }) => host)).size >
    1
  );
}

function hostReferences({ hosts, sites, witness }: Parsed): Fault[] {
  const [first = ""] = Object.keys(hosts);
  const wanted: { path: Path; host: string }[] = [
    ...Object.entries(sites).map(([site, { host }]) => ({ path: ["sites", site, "host"], host })),
    ...(witness ? [{ path: ["witness", "host"], host: witness.host }] : []),
  ];
  return wanted
    .filter(({ host }) => !Object.hasOwn(hosts, host))
    .map(({ path }) => ({
      path,
      problem: `no such host; hosts has ${Object.keys(hosts).join(", ")}`,
      mend: { set: { path, value: first } },
      involves: [["hosts"]],
    }));
}

function siteCount({ sites }: Parsed): Fault[] {
  const names = Object.keys(sites);
  const surplus = names.slice(2).map((site): Fault => {
    const problem = "this version runs two sites at the most; keep two entries in sites";
    return { path: ["sites", site], keyOnly: true, problem, mend: { remove: ["sites", site] } };
  });
  const taken = names
    .filter((site) => RESERVED.includes(site))
    .map((site): Fault => {
      const problem = "a name that Holdfast keeps for itself; choose another one";
      return { path: ["sites", site], keyOnly: true, problem, mend: { remove: ["sites", site] } };
    });
  return [...surplus, ...taken];
}

function unusedHosts({ hosts, sites, witness, dns }: Parsed): Fault[] {
  const used = new Set(Object.values(sites).map(({ host }) => host));
  if (witness) used.add(witness.host);
  if (dns.zone !== "" && dns.provider === "builtin") used.add(dns.host);
  return Object.keys(hosts)
    .slice(1)
    .filter((host) => !used.has(host))
    .map((host) => ({
      path: ["hosts", host],
      keyOnly: true as const,
      problem: "no site runs on this host",
      mend: { remove: ["hosts", host] },
      involves: [["sites"], ["witness"]],
    }));
}

/** Who is on another host than some site is reached over the network between them. */
function addresses(settings: Parsed): Fault[] {
  if (!spansHosts(settings)) return [];
  const { hosts, sites, witness } = settings;
  const used = [...Object.values(sites), ...(witness ? [witness] : [])].map(({ host }) => host);
  return [...new Set(used)]
    .filter((host) => Object.hasOwn(hosts, host) && hosts[host]?.address === "")
    .map((host) => {
      const path = ["hosts", host, "address"];
      const problem = "needed, for sites are on different hosts and reach each other by it";
      return { path, problem, mend: { set: { path, value: "192.0.2.10" } }, involves: [["sites"]] };
    });
}

/** All subnets are aligned /24s, so two overlap only when they are equal. */
function overlaps({ sites, witness, network }: Parsed): Fault[] {
  const several = Object.keys(sites).length > 1;
  const all: { path: Path; subnet: string; holder: string }[] = [
    ...Object.entries(sites).map(([site, { subnet }]) => ({
      path: ["sites", site, "subnet"],
      subnet,
      holder: `site ${site}`,
    })),
    ...(witness
      ? [{ path: ["witness", "subnet"], subnet: witness.subnet, holder: "the witness" }]
      : []),
    ...(several
      ? [{ path: ["network", "linkSubnet"], subnet: network.linkSubnet, holder: "the link" }]
      : []),
  ];
  const owner = new Map<string, string>();
  return all.flatMap(({ path, subnet, holder }): Fault[] => {
    const other = owner.get(subnet);
    if (other !== undefined) {
      return [{ path, problem: `already the network of ${other}`, mend: { remove: path } }];
    }
    owner.set(subnet, holder);
    return [];
  });
}

/** A failover without people needs somebody else who knows that the other site is really gone. */
function roles({ sites, witness, failover }: Parsed): Fault[] {
  const faults: Fault[] = [];
  if (witness && Object.keys(sites).length < 2) {
    faults.push({
      path: ["witness"],
      keyOnly: true,
      problem: "there is nothing to witness with one site",
      mend: { remove: ["witness"] },
      involves: [["sites"]],
    });
  }
  if (failover.sites === "automatic" && !witness) {
    const path = ["failover", "sites"];
    faults.push({
      path,
      problem:
        "needs a witness in a third place: a site that hears nothing of the other cannot tell a dead one from a cut link",
      mend: { set: { path, value: "people" } },
      involves: [["witness"]],
    });
  }
  return faults;
}

/** The ports of two sites on one host. */
function offsets(settings: Parsed): Fault[] {
  const taken = new Map<string, string>();
  return Object.entries(settings.sites).flatMap(([site, { host, portOffset }]): Fault[] => {
    const path = ["sites", site, "portOffset"];
    const { witness: _, link, ...published } = portsOf(settings, site);
    // Those of the link are published where sites are on different hosts; there nobody shares.
    const own = [
      ...Object.values(published).flat(),
      ...(spansHosts(settings) ? [link, link + 1] : []),
    ];
    const highest = Math.max(...own);
    if (highest > 65_535) {
      const problem = `port ${highest - portOffset} becomes ${highest}, and 65535 is the last one`;
      return [{ path, problem, mend: { remove: path }, involves: [["ports"]] }];
    }
    const clash = own.find((port) => taken.has(`${host}:${port}`));
    const other = taken.get(`${host}:${clash}`);
    for (const port of own) taken.set(`${host}:${port}`, site);
    if (clash === undefined || other === site) return [];
    const problem = `port ${clash} is also one of site ${other} on the same host`;
    return [{ path, problem, mend: { remove: path }, involves: [["ports"], ["sites"]] }];
  });
}

/** Both sites have to reach the cloud while the link is down, and the builtin one is on one host. */
function cloud(settings: Parsed): Fault[] {
  const { provider } = settings.backup.cloud;
  if (provider !== "builtin" || !spansHosts(settings)) return [];
  const path = ["backup", "cloud", "provider"];
  const problem =
    "the builtin S3 server stands on one Docker host; sites on several need provider s3, or none";
  return [{ path, problem, mend: { remove: path }, involves: [["sites"]] }];
}
