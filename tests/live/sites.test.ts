/**
 * "Done when" of two sites (M29): switchover, failover, failback, each under writers, on one daemon with two
 * networks; with HOLDFAST_TWO_DAEMONS=1 on two Docker daemons, each in a network namespace of its own. The
 * steps build on each other and run in order. CI has no time for them: vitest.config.ts leaves them out unless
 * HOLDFAST_SITES=1.
 */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseDocument } from "yaml";
import type { DrillResult } from "../../commands/drills/types.ts";
import type { Failback } from "../../commands/site/failback.ts";
import type { Failover } from "../../commands/site/failover.ts";
import type { SiteReport } from "../../commands/site/statusText.ts";
import type { Change } from "../../commands/site/switchover.ts";
import { eventually, LiveStack, must, run, runInSteps, sleep } from "./stack.ts";
import { TwoDaemons } from "./twoDaemons.ts";

const BOTH = process.env.HOLDFAST_TWO_DAEMONS === "1";
/** The issue's: from the decision until the other site takes writes. */
const RECOVERY_MS = 120_000;
/** Of a step. The first one builds images and starts some sixty containers, on two cores or less. */
const STEP_MS = 45 * 60_000;

const daemons = BOTH ? new TwoDaemons() : undefined;

class TwoSites extends LiveStack {
  override async prepare(): Promise<void> {
    await daemons?.start();
    await super.prepare();
    const file = join(this.folder, `Pulumi.${this.name}.yaml`);
    cpSync(join(this.folder, "Pulumi.two-sites.yaml"), file);
    const document = parseDocument(readFileSync(file, "utf8"));
    if (daemons !== undefined) {
      document.setIn(["config", "holdfast:hosts"], document.createNode(daemons.hosts));
      for (const [site, host] of Object.entries(daemons.sites)) {
        document.setIn(["config", "holdfast:sites", site, "host"], host);
      }
      // A link and a pooler of another host are reached by published ports.
      document.setIn(["config", "holdfast:network", "bindAddress"], "0.0.0.0");
      // The builtin one stands on one of the hosts, and would be lost with it.
      document.setIn(["config", "holdfast:backup", "cloud", "provider"], "none");
    }
    writeFileSync(file, document.toString());
  }

  override async remove(): Promise<void> {
    if (daemons === undefined) {
      await super.remove();
      return;
    }
    await daemons.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Cuts what goes between the sites. @returns what mends it */
  async cutLink(): Promise<() => Promise<void>> {
    if (daemons !== undefined) {
      await daemons.cut(true);
      return () => daemons.cut(false);
    }
    const network = `holdfast-${this.name}-link-network`;
    const link = this.containerOf("b", "link");
    const format = `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`;
    const address = (await must("docker", ["inspect", "-f", format, link])).trim();
    await must("docker", ["network", "disconnect", network, link]);
    // The other link knows it by that address, and Docker would give it another one.
    const back = ["network", "connect", "--ip", address, "--alias", "link-b", network, link];
    return async () => {
      await must("docker", back);
    };
  }

  docker(site: string, ...args: string[]) {
    const env = { ...process.env, ...(daemons ? { DOCKER_HOST: daemons.dockerOf(site) } : {}) };
    return run("docker", args, { env });
  }

  containerOf(site: string, alias: string): string {
    return `holdfast-${this.name}-${site}-${alias}`;
  }

  /** SQL on a site's leader, as superuser. */
  async sqlAt(site: string, statement: string): Promise<string> {
    const { sites } = await this.siteStatus();
    const status = sites[site];
    const leader = status !== undefined && "leader" in status ? status.leader : null;
    const psql = ["psql", "--no-psqlrc", "-At", "-v", "ON_ERROR_STOP=1", "shop", "-c", statement];
    const name = this.containerOf(site, leader ?? "postgres-1");
    const { code, stdout, stderr } = await this.docker(site, "exec", name, ...psql);
    if (code !== 0) {
      throw new Error(`SQL at site ${site}: ${stderr}`);
    }
    return stdout.trim();
  }

  /** Also when it says that something is wrong. */
  async siteStatus(): Promise<SiteReport> {
    const { stdout } = await this.try("site", "status", "--json");
    return JSON.parse(stdout) as SiteReport;
  }

  well(active: string, seconds = 120): Promise<void> {
    return eventually(`site ${active} active, the other one streaming`, seconds, async () => {
      const { healthy, active: found } = await this.siteStatus();
      return healthy && found === active;
    });
  }
}

const stack = new TwoSites();
runInSteps(stack);

/** Whether a site's leader takes a row. */
async function writes(site: string): Promise<boolean> {
  const insert = "INSERT INTO site_writes (at) VALUES (now())";
  return stack.sqlAt(site, insert).then(
    () => true,
    () => false,
  );
}

describe("two sites", { timeout: STEP_MS }, () => {
  it("come up by one command, the first one active", async () => {
    await stack.holdfast("up");
    await stack.well("a", 300);
    await stack.sqlAt("a", "CREATE TABLE site_writes (id bigserial PRIMARY KEY, at timestamptz)");
    expect(await writes("a")).toBe(true);
    expect(await writes("b")).toBe(false);
    expect((await stack.try("preview", "--expect-no-changes")).code).toBe(0);
  });

  it("a switchover loses nothing, needs no new copy, and can be repeated", async () => {
    const before = await stack.sqlAt("a", "SELECT count(*) FROM site_writes");
    const change = await stack.json<Change>("site", "switchover", "--to", "b");
    console.log(JSON.stringify(change));
    expect(change).toMatchObject({ active: "b" });
    expect(change.follows).not.toBe("clone");
    await stack.well("b");
    expect(await stack.sqlAt("b", "SELECT count(*) FROM site_writes")).toBe(before);
    expect([await writes("a"), await writes("b")]).toEqual([false, true]);
    expect((await stack.json<Change>("site", "switchover", "--to", "b")).active).toBe("b");
    // Which site is active is no setting: the program changes nothing of it.
    expect((await stack.try("preview", "--expect-no-changes")).code).toBe(0);
    await stack.holdfast("site", "switchover", "--to", "a");
    await stack.well("a");
  });

  it("with the link cut a switchover is refused, and the active site goes on", async () => {
    const mend = await stack.cutLink();
    await eventually(
      "the standby does not stream",
      60,
      async () => !(await stack.siteStatus()).healthy,
    );
    const refused = await stack.try("site", "switchover", "--to", "b");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("does not stream");
    expect([await writes("a"), await writes("b")]).toEqual([true, false]);
    await mend();
    await stack.well("a");
  });

  it("a failover without Pulumi's state makes b active within two minutes", async () => {
    const filter = [
      "--filter",
      `label=holdfast.stack=${stack.name}`,
      "--filter",
      "label=holdfast.site=a",
    ];
    const { stdout } = await stack.docker("a", "ps", "-q", ...filter);
    await stack.docker("a", "kill", ...stdout.split("\n").filter(Boolean));
    await must("mv", [".holdfast/state", ".holdfast/state-away"], { cwd: stack.folder });
    const begun = Date.now();
    const done = await stack.json<Failover>("site", "failover", "--to", "b");
    const took = Date.now() - begun;
    console.log(JSON.stringify({ ...done, took }));
    expect(done.active).toBe("b");
    expect(took).toBeLessThan(RECOVERY_MS);
    expect(await writes("b")).toBe(true);
    await must("mv", [".holdfast/state-away", ".holdfast/state"], { cwd: stack.folder });
  });

  it("a site that returns takes no writes, is made a standby, and is active again", async () => {
    const done = stack.json<Failback>("site", "failback");
    for (let look = 0; look < 5; look += 1) {
      await sleep(1000);
      expect(await writes("a").then((well) => well && writes("b"))).toBe(false);
    }
    const back = await done;
    console.log(JSON.stringify(back));
    expect(back).toMatchObject({ active: "a", rejoined: "a" });
    await stack.well("a");
    expect([await writes("a"), await writes("b")]).toEqual([true, false]);
  });

  it("the drill of a lost site passes", async () => {
    const results = await stack.json<DrillResult[]>("drill", "site");
    console.log(JSON.stringify(results.map(({ curve: _, ...rest }) => rest)));
    expect(results).toHaveLength(1);
    expect(results[0]).toMatchObject({ drill: "site", passed: true });
    await stack.well("a");
  });
});
