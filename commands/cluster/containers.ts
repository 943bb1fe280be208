import { type Docker, silence } from "../docker.ts";

/** A container of a site, as Docker sees it. */
export interface ContainerState {
  /** Docker's name. */
  readonly name: string;
  /** Its name on the site's network, e.g. `postgres-1`. */
  readonly alias: string;
  readonly component: string;
  readonly instance: number;
  readonly running: boolean;
  /** `healthy`, `unhealthy`, `starting`, `running` (no health check), or Docker's word: `exited`, `restarting` ... */
  readonly state: string;
}

interface Inspected {
  readonly Name: string;
  readonly State: { readonly Status: string; readonly Health?: { readonly Status: string } };
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
}

/** All containers of a site that stay, running or not, by tier and number. @throws HostSilent */
export async function containersOf(
  docker: Docker,
  stack: string,
  site: string,
): Promise<ContainerState[]> {
  const filters = [`holdfast.stack=${stack}`, `holdfast.site=${site}`];
  const args = filters.flatMap((label) => ["--filter", `label=${label}`]);
  const what = `the Docker host of site ${site} does not answer (${docker.host})`;
  const ask = (words: readonly string[]) => docker.run(words, { timeoutMs: docker.answerMs });
  const listed = await ask(["ps", "--all", "--quiet", ...args]);
  if (listed.code !== 0) {
    throw silence(docker, what, listed);
  }
  const list = listed.stdout.split("\n").filter(Boolean);
  if (list.length === 0) {
    return [];
  }
  const inspected = await ask(["inspect", "--type", "container", ...list]);
  // One that vanishes between the two calls is left out; all of them do not.
  const found = inspected.code === 124 ? [] : (JSON.parse(inspected.stdout || "[]") as Inspected[]);
  if (found.length === 0) {
    throw silence(docker, what, inspected);
  }
  return found
    .map(describe)
    .filter(({ component }) => component !== "")
    .sort((a, b) => a.component.localeCompare(b.component) || a.instance - b.instance);
}

function describe({ Name, State, Config }: Inspected): ContainerState {
  const component = Config.Labels["holdfast.component"] ?? "";
  const number = Config.Labels["holdfast.instance"];
  const running = State.Status === "running";
  return {
    name: Name.replace(/^\//, ""),
    alias: number === undefined ? component : `${component}-${number}`,
    component,
    instance: Number(number ?? 0),
    running,
    state: running ? (State.Health?.Status ?? "running") : State.Status,
  };
}
