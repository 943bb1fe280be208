import type { Docker } from "../docker.ts";
import type { Ready } from "../setup/setUp.ts";
import { nameOf, type State } from "./state.ts";

/** How long the mark holds, if nobody clears it: longer than a `down` takes. */
const MARK_SECONDS = 600;
const ANSWER_MS = 10_000;

/**
 * Marks each site's database cluster as stopping, so that no member that goes hands over to one about to go (M7); or
 * clears the mark. Best effort: a cluster that does not answer has nobody who could hand over.
 *
 * @returns how many sites heard it
 */
export async function setStoppingMark(
  ready: Ready,
  state: State,
  mark: "set" | "clear",
): Promise<number> {
  const options = mark === "set" ? ["--seconds", String(MARK_SECONDS)] : ["--clear"];
  let heard = 0;
  for (const [site, { host }] of Object.entries(ready.stack.settings.sites)) {
    const docker = ready.hosts[host];
    const members = docker ? await runningEtcd(docker, ready.stack.name, site, state) : [];
    for (const member of docker ? members : []) {
      const { code } = await (docker as Docker).run(
        ["exec", member, "holdfast-mark-stopping", ...options],
        {
          timeoutMs: ANSWER_MS,
        },
      );
      if (code === 0) {
        heard += 1;
        break;
      }
    }
  }
  return heard;
}

async function runningEtcd(
  docker: Docker,
  stack: string,
  site: string,
  state: State,
): Promise<string[]> {
  if (!state.resources.some(({ urn }) => nameOf(urn).startsWith(`${site}-etcd-`))) {
    return [];
  }
  const filters = [`holdfast.stack=${stack}`, `holdfast.site=${site}`, "holdfast.component=etcd"];
  const args = filters.flatMap((label) => ["--filter", `label=${label}`]);
  const { stdout } = await docker.run(["ps", "--format", "{{.Names}}", ...args]);
  return stdout.split("\n").filter(Boolean).sort();
}
