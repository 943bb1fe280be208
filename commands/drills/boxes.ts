import type { Docker } from "../docker.ts";

/** A container of the stack, with what a drill needs to hurt it and to mend it. */
export interface Box {
  /** Docker's full id. */
  readonly id: string;
  /** Docker's name. */
  readonly name: string;
  /** The stack's random id, label `holdfast.id`. */
  readonly stackId: string;
  /** Its name on the site's network, e.g. `postgres-1`. */
  readonly alias: string;
  readonly component: string;
  readonly instance: number;
  readonly image: string;
  /** Docker's word: `running`, `paused`, `exited`, `restarting` ... */
  readonly status: string;
  /** Docker's word, undefined without a health check. */
  readonly health: string | undefined;
  /** Its main process as the Docker host counts; 0 when it does not run. */
  readonly pid: number;
  readonly startedAt: string;
  /** Its networks by name, with the fixed address; empty when it is cut off. */
  readonly networks: Readonly<Record<string, string>>;
  /** Named volumes that it writes to. */
  readonly volumes: readonly Volume[];
}

export interface Volume {
  readonly name: string;
  /** Where the Docker host keeps it. */
  readonly source: string;
  /** Where the container sees it. */
  readonly path: string;
}

interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly State: {
    readonly Status: string;
    readonly Pid: number;
    readonly StartedAt: string;
    readonly Health?: { readonly Status: string };
  };
  readonly Config: { readonly Labels: Readonly<Record<string, string>>; readonly Image: string };
  readonly NetworkSettings: {
    readonly Networks: Readonly<
      Record<string, { readonly IPAMConfig?: { readonly IPv4Address?: string } | null }>
    >;
  };
  readonly Mounts: readonly {
    readonly Type: string;
    readonly Name?: string;
    readonly Source: string;
    readonly Destination: string;
    readonly RW: boolean;
  }[];
}

const ANSWER_MS = 10_000;

/** All containers of a site that stay, running or not, by tier and number. @throws Fault */
export async function boxesOf(docker: Docker, stack: string, site: string): Promise<Box[]> {
  const labels = [`holdfast.stack=${stack}`, `holdfast.site=${site}`, "holdfast.component"];
  const filters = labels.flatMap((label) => ["--filter", `label=${label}`]);
  const { stdout: ids } = await docker.must(
    "listing containers",
    ["ps", "--all", "--no-trunc", "--quiet", ...filters],
    { timeoutMs: ANSWER_MS },
  );
  const list = ids.split("\n").filter(Boolean);
  if (list.length === 0) {
    return [];
  }
  // What vanishes between the two calls is left out, and the rest is still printed.
  const { stdout } = await docker.run(["inspect", "--type", "container", ...list], {
    timeoutMs: ANSWER_MS,
  });
  return parseBoxes(stdout || "[]");
}

/** What `docker inspect` prints. Pure. */
export function parseBoxes(text: string): Box[] {
  return (JSON.parse(text) as Inspected[])
    .map(describe)
    .sort((a, b) => a.component.localeCompare(b.component) || a.instance - b.instance);
}

function describe({ Id, Name, State, Config, NetworkSettings, Mounts }: Inspected): Box {
  const component = Config.Labels["holdfast.component"] ?? "";
  const number = Config.Labels["holdfast.instance"];
  return {
    id: Id,
    name: Name.replace(/^\//, ""),
    stackId: Config.Labels["holdfast.id"] ?? "",
    alias: number === undefined ? component : `${component}-${number}`,
    component,
    instance: Number(number ?? 0),
    image: Config.Image,
    status: State.Status,
    health: State.Health?.Status,
    pid: State.Pid,
    startedAt: State.StartedAt,
    networks: Object.fromEntries(
      Object.entries(NetworkSettings.Networks ?? {}).map(([name, network]) => [
        name,
        network.IPAMConfig?.IPv4Address ?? "",
      ]),
    ),
    volumes: Mounts.flatMap(({ Type, Name: volume, Source, Destination, RW }) =>
      Type === "volume" && RW && volume
        ? [{ name: volume, source: Source, path: Destination }]
        : [],
    ),
  };
}
