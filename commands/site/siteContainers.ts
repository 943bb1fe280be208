import type { Docker } from "../docker.ts";

/** A container of a site as its labels name it. */
export interface SiteContainer {
  /** Docker's name. */
  readonly name: string;
  readonly component: string;
  readonly runs: boolean;
}

/** Longer than a TCP connection to a dead host should be waited for in a failover. */
const ANSWER_MS = 8_000;
const FORMAT = '{{.Names}}\t{{.Label "holdfast.component"}}\t{{.State}}';
/** Docker's words for one whose processes are there. */
const RUNNING = ["running", "paused", "restarting", "removing"];

/** All of a site's containers with a component, running or not; undefined when Docker does not answer. */
export async function siteContainers(
  docker: Docker,
  stack: string,
  site: string,
): Promise<SiteContainer[] | undefined> {
  const labels = [`holdfast.stack=${stack}`, `holdfast.site=${site}`, "holdfast.component"];
  const filters = labels.flatMap((label) => ["--filter", `label=${label}`]);
  const args = ["ps", "--all", "--format", FORMAT, ...filters];
  const timeoutMs = Math.min(ANSWER_MS, docker.answerMs);
  const { code, stdout } = await docker.run(args, { timeoutMs });
  return code === 0 ? parseContainers(stdout) : undefined;
}

/** Pure. */
export function parseContainers(text: string): SiteContainer[] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [name = "", component = "", state = ""] = line.split("\t");
      return { name, component, runs: RUNNING.includes(state) };
    });
}
