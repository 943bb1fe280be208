import { availableParallelism, loadavg } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { activeAlerts } from "../cluster/alerts.ts";
import { note } from "../ui.ts";
import { Load, type LoadPlace, rowsOf } from "./load.ts";
import { dropOrders, readOrders } from "./ordersTable.ts";
import type { Site } from "./site.ts";
import type { Stage } from "./stage.ts";

/** The real stage: a stack's active site. */
export function realStage(site: Site, hold?: number): Stage {
  const { docker, settings } = site;
  return {
    docker,
    settings,
    hold,
    look: () => site.look(),
    startLoad: async () => Load.start(await placeOf(site)),
    rows: (container, run) => rowsOf(docker, container, run, settings.database.name),
    orders: (container, run) => readOrders(docker, container, run, settings.database.name),
    forgetOrders: async (run) => {
      const { leader } = await placeOf(site);
      await dropOrders(docker, await leader(), run, settings.database.name);
    },
    alerts: () => activeAlerts(settings),
    conditions: () =>
      // Of a remote host the launcher knows nothing.
      docker.host.startsWith("unix://")
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
