/** The public names before the real Knot and the real octoDNS. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, watchName } from "../../commands/dns/resolver.ts";
import { stretches } from "../../commands/dns/timeline.ts";
import { octodnsTarget } from "../../components/dns/publicNames.ts";
import { DNS_SERVICES } from "../../settings/dnsProviders.ts";
import type { DnsSettings, Settings } from "../../settings.ts";
import { renderOctodnsYaml } from "../../templates/octodns/octodns.yaml.ts";
import { record, settingsWith } from "../unit/tree/mocks.ts";
import { docker, settings } from "./images.ts";
import { NameWorld, nameImage } from "./nameServer.ts";
import { spoil } from "./rendered.ts";

const ZONE = "example.org";
const KEY = "dGhlIHJpZ2h0IGtleSBvZiB0aGlzIHRlc3Q=";
const dns = { zone: ZONE, app: "shop", database: "db", subnet: "10.90.5.0/24" };
const base = settingsWith({ dns });
const b = { ...base.sites.a, host: "h1", subnet: "10.90.7.0/24" };
/** Two sites on the images' base of this machine. */
const two = { ...base, images: settings.images, sites: { ...base.sites, b } } as Settings;

let images: { server: string; sync: string };
let texts: Record<string, string>;

beforeAll(async () => {
  images = { server: await nameImage(two, "dns"), sync: await nameImage(two, "dns-sync") };
  const tree = await record(two);
  texts = Object.fromEntries(
    tree
      .ofKind("Command")
      .filter(({ inputs }) => String(inputs.create).includes(":/live "))
      .map(({ name, inputs }) => [name, String(inputs.stdin)]),
  );
});

const text = (name: string) => texts[name] ?? "";

/** Runs the image's validator on a text, without a network. */
async function validate(image: string, kind: string, ...rest: [...string[], string]) {
  const candidate = rest.at(-1) ?? "";
  const words = [kind, ...rest.slice(0, -1)].map((word) => `'${word}'`).join(" ");
  const script = `cat > /tmp/candidate; holdfast-validate ${words} /tmp/candidate`;
  const args = ["run", "--rm", "--interactive", "--network", "none", "--user", "0"];
  const { code, output } = await docker(
    [...args, "--entrypoint", "sh", image, "-c", script],
    candidate,
  );
  return { code, output };
}

describe("the files that the program renders", () => {
  test("Knot takes the configuration and the zone", async () => {
    const ok = { code: 0, output: "" };
    expect(await validate(images.server, "conf", text("nameserver-knot.conf"))).toEqual(ok);
    expect(await validate(images.server, "zone", ZONE, text("nameserver-zone"))).toEqual(ok);
  });

  test("octoDNS takes each site's configuration and records", async () => {
    const ok = { code: 0, output: "" };
    for (const site of ["a", "b"]) {
      const config = text(`a-octodns-${site}.yaml`);
      const records = text(`a-dns-records-${site}`);
      expect(await validate(images.sync, "config", ZONE, config), site).toEqual(ok);
      expect(await validate(images.sync, "zone", ZONE, records), site).toEqual(ok);
    }
  });

  test("what is spoilt is refused", async () => {
    const conf = spoil(text("nameserver-knot.conf"), "action: update", "action: upend");
    expect((await validate(images.server, "conf", conf)).output).toContain("action");
    const zone = spoil(text("nameserver-zone"), /shop IN A \S+/, "shop IN A 10.0.0.300");
    expect((await validate(images.server, "zone", ZONE, zone)).code).toBe(1);
    const config = spoil(text("a-octodns-a.yaml"), "Rfc2136Provider", "Rfc9999Provider");
    expect((await validate(images.sync, "config", ZONE, config)).output).toContain(
      "Rfc9999Provider",
    );
    const records = spoil(text("a-dns-records-a"), /- 10\.\S+/, "- 10.0.0.300");
    expect((await validate(images.sync, "zone", ZONE, records)).output).toContain("10.0.0.300");
  });
});

describe("the real servers", () => {
  let world: NameWorld;

  beforeAll(async () => {
    const of = (site: string) => ({
      [`sites/${site}/octodns.yaml`]: text(`a-octodns-${site}.yaml`),
      [`sites/${site}/${ZONE}.yaml`]: text(`a-dns-records-${site}`),
    });
    world = new NameWorld({
      images,
      zone: ZONE,
      serverFiles: { "knot.conf": text("nameserver-knot.conf"), zone: text("nameserver-zone") },
      syncFiles: { "dns.json": text("a-dns.json"), ...of("a"), ...of("b") },
      renderedAddress: "10.90.5.73",
    });
    await world.start(KEY);
  });

  afterAll(() => world?.remove());

  const APP = { a: "10.88.65.62", b: "10.90.7.62" };

  test("the names begin at the first site", async () => {
    const { addresses, ttlSeconds } = await ask(await world.published(), `shop.${ZONE}.`);
    expect([addresses, ttlSeconds]).toEqual([[APP.a], 30]);
    expect((await world.told("check")).document).toMatchObject({ zone: `${ZONE}.`, site: "a" });
  });

  test("a flip moves both names at once; a second one changes nothing", async () => {
    const stop = new AbortController();
    const server = await world.published();
    const watch = watchName({
      server,
      name: `shop.${ZONE}.`,
      intervalMs: 100,
      signal: stop.signal,
    });
    const { code, document } = await world.told("flip", "b");
    expect(code).toBe(0);
    expect(document).toMatchObject({ site: "b", changes: 2, verified: true });
    expect((await world.told("flip", "b")).document).toMatchObject({ changes: 0, verified: true });
    stop.abort();
    // Nobody ever sees no address, or both.
    expect(stretches(await watch).map(({ addresses }) => addresses)).toEqual([[APP.a], [APP.b]]);
    const { addresses } = await ask(server, `db.${ZONE}.`);
    expect(addresses).toEqual(["10.90.7.81", "10.90.7.82"]);
  });

  test("the rest of the zone stays as it is", async () => {
    expect((await ask(await world.published(), `ns.${ZONE}.`)).addresses).toEqual(["10.90.5.73"]);
  });

  test("another key is refused, and nothing moves", async () => {
    const refused = await world.toldWith("YW5vdGhlciBrZXk=", "flip", "a");
    expect(refused.error).toContain("refuses the TSIG key");
    expect((await ask(await world.published(), `shop.${ZONE}.`)).addresses).toEqual([APP.b]);
  });

  test("a killed server comes back with what it had last", async () => {
    await docker(["kill", world.server]);
    await docker(["start", world.server]);
    await expect
      .poll(async () => (await ask(await world.published(), `shop.${ZONE}.`)).addresses, {
        timeout: 15_000,
      })
      .toEqual([APP.b]);
  });

  test("a server that is away is an error that says so; a check finds it silent", async () => {
    await docker(["stop", "--time", "5", world.server]);
    const { code, document } = await world.told("flip", "a");
    expect(code).toBe(1);
    expect(document.error).toContain("cannot be reached");
    const check = await world.told("check");
    expect(check.document).toMatchObject({ site: null });
    expect(JSON.stringify(check.document)).toContain('"status":"silent"');
    await docker(["start", world.server]);
  });
});

describe("DNS services with an API", () => {
  const services = Object.keys(DNS_SERVICES) as (keyof typeof DNS_SERVICES)[];
  const syncs = new Map<string, string>();

  const of = (service: (typeof services)[number]) => {
    // Only PowerDNS has a host of its own.
    const options = service === "powerdns" ? { host: "192.0.2.53" } : {};
    const theirs = { ...two.dns, provider: "octodns", service, options } as DnsSettings;
    return { settings: { ...two, dns: theirs }, dns: theirs };
  };

  beforeAll(async () => {
    for (const service of services) {
      syncs.set(service, await nameImage(of(service).settings, "dns-sync"));
    }
  });

  test.each(services)("octoDNS takes the configuration of %s", async (service) => {
    const { settings, dns } = of(service);
    const config = renderOctodnsYaml({
      zone: ZONE,
      names: ["shop", "db"],
      directory: "/etc/holdfast/live/sites/a",
      target: octodnsTarget(settings, dns, "a"),
    });
    const sync = syncs.get(service) ?? "";
    expect(await validate(sync, "config", ZONE, config)).toEqual({ code: 0, output: "" });
    const without = spoil(config, /\n +(token|api_key|secret_access_key): .*/, "");
    const { code } = await validate(sync, "config", ZONE, without);
    // Cloudflare and Route 53 find out when they are called; the others want their key now.
    expect(code).toBe(["cloudflare", "route53"].includes(service) ? 0 : 1);
  });
});
