/** The loss of a whole site under load: failover by the command's own code, and the way back. */
import type { Docker } from "../../docker.ts";
import { failback } from "../../site/failback.ts";
import { failover } from "../../site/failover.ts";
import { lossText } from "../../site/loss.ts";
import { realPorts } from "../../site/ports.ts";
import { reportOf } from "../../site/statusText.ts";
import { dockerAddresses, topologyOf } from "../../site/topology.ts";
import type { SitePorts } from "../../site/types.ts";
import { lookAt, otherOf } from "../../site/view.ts";
import type { Box } from "../boxes.ts";
import { dnsFacts, wholeName } from "../publicLoad.ts";
import { type Drill, type Scene, Skipped } from "../scene.ts";
import { NameWatch } from "./nameWatch.ts";

const KILL_MS = 60_000;
/** As for a failback (stopSite.ts): one after the other. */
const START_MS = 180_000;

export const sites: readonly Drill[] = [
  {
    name: "site",
    family: "site",
    description: "a whole site is gone at once: failover to the other one, and back",
    byNames: true,
    async prepare(scene) {
      const { settings } = scene;
      if (Object.keys(settings.sites).length < 2) {
        throw new Skipped("this stack has one site; a second one is a setting (sites)");
      }
      dnsFacts(settings);
      const topology = topologyOf(settings);
      const report = reportOf(await lookAt(portsOf(scene), topology), topology);
      if (!report.healthy) {
        throw new Error(`the sites are not well: ${report.says.join("; ")}`);
      }
      return scene.lookAgain();
    },
    async inject(scene) {
      const { settings, look, note, undo, turnTo, docker } = scene;
      const topology = topologyOf(settings);
      const lost = siteOf(look.boxes, topology.sites, settings);
      const to = otherOf(topology, lost);
      const dns = dnsFacts(settings);
      const names = NameWatch.start(docker, scene.load ?? "", wholeName(dns.app, dns.zone));
      scene.cleanUp("the look at the names", async () => names.stop());
      const running = look.boxes.filter(({ status }) => status === "running");
      undo(`site ${lost} started`, () => startAll(docker, running));
      await killAll(docker, running);
      const gone = withoutSite(portsOf(scene), lost);
      const done = await failover(gone, topology, {
        to,
        // It is: with a witness that is worth nothing, and its lease is waited for.
        siteIsOff: topology.witness ? undefined : lost,
      });
      turnTo(to);
      note(
        `failover to site ${to} in ${done.seconds.toFixed(1)} s, site ${lost} cleared by: ${done.cleared}`,
      );
      note(lossText(done.loss, to, lost));
      note(`DNS: ${done.dns}`);
      return {
        fault: `all ${running.length} containers of site ${lost} were killed at once and stayed down`,
        whole: async () => {
          const back = await failback(portsOf(scene), topology, { to: lost, rejoinOnly: false });
          turnTo(lost);
          note(
            `site ${lost} streamed again after ${back.rejoinSeconds.toFixed(1)} s, by ${back.method}`,
          );
          note(
            `back on site ${lost} by a switchover: ${back.switchover?.writesAwaySeconds.toFixed(1) ?? "?"} s`,
          );
        },
        seen: async () => {
          note(`${wholeName(dns.app, dns.zone)} answered: ${names.stop()}`);
          return {};
        },
      };
    },
  },
];

/** The command's own ways, without a question: who starts a drill was asked. */
function portsOf({ settings, note }: Scene): SitePorts {
  const real = realPorts(settings, { addresses: dockerAddresses(settings, []), yes: true });
  return { ...real, say: note };
}

/** As if its Docker host were gone, too: on one daemon it is not. */
export function withoutSite(ports: SitePorts, lost: string): SitePorts {
  const why = "its Docker host is gone (the drill does not ask it)";
  return {
    ...ports,
    control: {
      status: async (site) =>
        site === lost ? { answers: false, docker: false, why } : ports.control.status(site),
      drain: (site, epoch) => ports.control.drain(site, epoch),
      promote: (site, epoch, at) => ports.control.promote(site, epoch, at),
      demote: (site, epoch, follow) => ports.control.demote(site, epoch, follow),
      activate: (site, epoch) => ports.control.activate(site, epoch),
      release: (site) => ports.control.release(site),
    },
    stop: async (site) => (site === lost ? { stopped: false, what: why } : ports.stop(site)),
  };
}

/** The one that was looked at. Pure. */
function siteOf(
  boxes: readonly Box[],
  names: readonly string[],
  { project, stack }: Scene["settings"],
): string {
  const found = names.find((site) =>
    boxes.some(({ name }) => name.startsWith(`${project}-${stack}-${site}-`)),
  );
  if (found === undefined) {
    throw new Error("no container of the active site");
  }
  return found;
}

/** `docker kill` of all in one call: no restart policy sees it, so they stay down. */
async function killAll(docker: Docker, boxes: readonly Box[]): Promise<void> {
  const names = boxes.map(({ name }) => name);
  await docker.must("killing the site", ["kill", ...names], { timeoutMs: KILL_MS });
}

async function startAll(docker: Docker, boxes: readonly Box[]): Promise<void> {
  const names = boxes.map(({ name }) => name);
  await docker.must("starting the site", ["start", ...names], { timeoutMs: START_MS });
}
