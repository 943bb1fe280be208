import { availableParallelism, loadavg } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { activeAlerts } from "../cluster/alerts.ts";
import { note } from "../ui.ts";
import { Load, type LoadPlace, rowsOf } from "./load.ts";
import { dropOrders, readOrders } from "./ordersTable.ts";
import { followingNames } from "./publicLoad.ts";
import type { Site } from "./site.ts";
import type { Stage } from "./stage.ts";

/** The real stage: a stack's active site. */
export function realStage(site: Site, hold?: number): Stage {
  const { settings } = site;
  return {
    get docker() {
      return site.docker;
    },
    settings,
    hold,
    look: () => site.look(),
    turnTo: (name) => site.turnTo(name),
    startLoad: async (byNames = false) => {
      const place = await placeOf(site);
      return Load.start(byNames ? await followingNames(place) : place);
    },
    rows: (container, run) => rowsOf(site.docker, container, run, settings.database.name),
    orders: (container, run) => readOrders(site.docker, container, run, settings.database.name),
    forgetOrders: async (run) => {
      const { leader } = await placeOf(site);
      await dropOrders(site.docker, await leader(), run, settings.database.name);
    },
    alerts: () => activeAlerts(settings, site.name),
    conditions: () =>
      // Of a remote host the launcher knows nothing.
      site.docker.host.startsWith("unix://")
        ? `load average ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} cores when the fault began`
        : undefined,
    sleep: async (seconds, signal) => {
      await wait(seconds * 1000, undefined, signal ? { signal } : {});
    },
    now: () => performance.now() / 1000,
    say: note,
  };
}

async function placeOf(site: Site): Promise<LoadPlace> {
  const { leader } = await site.look();
  if (!leader) {
    throw new Error("no single leader");
  }
  const { docker, settings, name } = site;
  return { docker, settings, site: name, stackId: leader.stackId, leader: async () => leader.name };
}
