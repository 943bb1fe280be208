import { containersOf } from "../cluster/containers.ts";
import { autoscalerOf } from "../cluster/scaling.ts";
import type { Docker } from "../docker.ts";
import type { Ready } from "../setup/setUp.ts";
import { note } from "../ui.ts";

/** How long the lease holds without renewal: a launcher that was killed holds the autoscaler up no longer. */
const LEASE_SECONDS = 60;
const RENEW_MS = 20_000;
/** A further instance starts in some 5 s, on a busy machine in three times as many. */
const SPARE_SECONDS = 20;
const ANSWER_MS = 10_000;

/** Ends the announcement. */
export type Announcement = () => Promise<void>;

/**
 * Announces to each site's autoscaler that an update is at work (M27): until it ends, instances are only
 * added, and where the maximum allows it one more than must run serves before the update begins, since
 * that takes one away at a time. Best effort: without an autoscaler nobody takes instances away.
 */
export async function announceDeploy(ready: Ready): Promise<Announcement> {
  const { settings, name } = ready.stack;
  const sites = Object.entries(settings.sites).flatMap(([site, { host }]) => {
    const docker = ready.hosts[host];
    return docker === undefined ? [] : [{ site, docker }];
  });
  const tell = async (site: string, docker: Docker, ...order: string[]): Promise<number> => {
    const scaler = autoscalerOf(await containersOf(docker, name, site));
    if (scaler === undefined) {
      return 0;
    }
    const timeoutMs = ANSWER_MS + SPARE_SECONDS * 1000;
    const { code } = await docker.run(["exec", scaler.name, "holdfast-scale", ...order], {
      timeoutMs,
    });
    return code;
  };
  const lease = ["deploy", "--seconds", String(LEASE_SECONDS)];
  const toAll = (...order: string[]) =>
    Promise.all(sites.map(({ site, docker }) => tell(site, docker, ...order).catch(() => 1)));
  const codes = await toAll(...lease, "--wait", String(SPARE_SECONDS));
  if (codes.some((code) => code !== 0)) {
    note("  …    no spare application instance beforehand: fewer serve while one is replaced");
  }
  const renewal = setInterval(() => void toAll(...lease), RENEW_MS);
  renewal.unref();
  return async () => {
    clearInterval(renewal);
    await toAll("deployed");
  };
}
