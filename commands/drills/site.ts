import type { Settings } from "../../settings.ts";
import { type Docker, dockerOf } from "../docker.ts";
import { type Box, boxesOf } from "./boxes.ts";
import { askMembers, type Statuses } from "./probe.ts";

/** The stack's active site at one moment. */
export interface Look {
  readonly boxes: readonly Box[];
  readonly members: Statuses;
  /** The container of the one member that leads; undefined when none or several say so. */
  readonly leader: Box | undefined;
  readonly timeline: number | undefined;
  /** What full redundancy lacks, a phrase each; empty when nothing. */
  readonly missing: readonly string[];
}

/** The active site of a stack, looked at from outside. */
export class Site {
  readonly settings: Settings;
  #name: string;

  /** @param name which one is active. @default the first one of the settings */
  constructor(settings: Settings, name: string = Object.keys(settings.sites)[0] ?? "") {
    this.settings = settings;
    this.#name = name;
  }

  /** Its key in `settings.sites`. */
  get name(): string {
    return this.#name;
  }

  get docker(): Docker {
    return dockerOf(this.settings, this.#name);
  }

  /** From now on another one is active. */
  turnTo(name: string): void {
    this.#name = name;
  }

  boxes(): Promise<Box[]> {
    return boxesOf(this.docker, this.settings.stack, this.name);
  }

  async look(): Promise<Look> {
    const boxes = await this.boxes();
    const subnet = this.settings.sites[this.name]?.subnet ?? "";
    return judge(this.settings, boxes, await askMembers(this.docker, boxes, subnet));
  }
}

/** What was seen, with what it means. Pure. */
export function judge(settings: Settings, boxes: readonly Box[], members: Statuses): Look {
  const leader = leaderOf(members);
  return {
    boxes,
    members,
    leader: boxes.find(({ alias }) => alias === leader),
    timeline: leader ? members[leader]?.timeline : undefined,
    missing: [...missingBoxes(settings, boxes), ...missingStreams(settings, members)],
  };
}

/** The one member that runs as primary. Pure. */
export function leaderOf(members: Statuses): string | undefined {
  const leaders = Object.keys(members).filter((name) => {
    const { role, state } = members[name] ?? {};
    return state === "running" && (role === "primary" || role === "master");
  });
  return leaders.length === 1 ? leaders[0] : undefined;
}

/** Guard, autoscaler and what they see Docker through, and what keeps backups; not every stack has them all. */
const OPTIONAL = [
  ...["guard", "docker-proxy", "autoscaler", "autoscaler-docker-proxy"],
  ...["backup", "s3", "restore-drill"],
];

/** Containers that should run and be healthy. Pure. */
function missingBoxes(settings: Settings, boxes: readonly Box[]): string[] {
  const numbered = (tier: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${tier}-${index + 1}`);
  const others = boxes.filter(({ component }) => OPTIONAL.includes(component));
  const wanted = [
    ...numbered("etcd", settings.etcd.members),
    ...numbered("postgres", settings.database.replicas + 1),
    ...numbered("pooler", settings.ports.pooler.length),
    "router",
    ...numbered("app", settings.application.instances.min),
    "edge",
    ...others.map(({ alias }) => alias),
  ];
  return wanted.flatMap((alias) => {
    const box = boxes.find((one) => one.alias === alias);
    if (!box) {
      return [`${alias} has no container`];
    }
    if (box.status !== "running") {
      return [`${alias} is ${box.status}`];
    }
    if (Object.keys(box.networks).length === 0) {
      return [`${alias} is on no network`];
    }
    const well = box.health === undefined || box.health === "healthy";
    return well ? [] : [`${alias} is ${box.health}`];
  });
}

/** Members that do not stream on the leader's timeline. Pure. */
function missingStreams(settings: Settings, members: Statuses): string[] {
  const name = leaderOf(members);
  const leader = name ? members[name] : undefined;
  if (!leader) {
    return ["no single leader"];
  }
  // Longer than a Patroni round with one repeated call: it is in failsafe mode, or hangs.
  const { loopWaitSeconds, retryTimeoutSeconds } = settings.timings.patroni;
  const longSilence = loopWaitSeconds + retryTimeoutSeconds + 1;
  const links = leader.replication ?? [];
  const all = Array.from({ length: settings.database.replicas + 1 }, (_, i) => `postgres-${i + 1}`);
  const faults = all.flatMap((member) => {
    const own = members[member];
    if (!own) {
      return [`${member}'s Patroni does not answer`];
    }
    if ((own.etcdSilentSeconds ?? 0) > longSilence) {
      return [`${member} does not hear etcd`];
    }
    if (member === name) {
      return [];
    }
    if (own.state !== "running" || own.replication_state !== "streaming") {
      return [`${member} is ${own.replication_state ?? own.state}`];
    }
    if (own.timeline !== leader.timeline) {
      return [`${member} is on timeline ${own.timeline}, the leader on ${leader.timeline}`];
    }
    const link = links.find(({ application_name }) => application_name === member);
    return link?.state === "streaming" ? [] : [`the leader does not stream to ${member}`];
  });
  const synchronous = links.filter(({ sync_state }) => ["sync", "quorum"].includes(sync_state));
  const noSync = settings.database.replicas > 0 && synchronous.length === 0;
  return noSync ? [...faults, "no standby is synchronous"] : faults;
}

/** The replicas that have not replayed up to a position of the leader's WAL, or gave no answer. Pure. */
export function behind(
  { boxes, members }: Pick<Look, "boxes" | "members">,
  leader: string,
  location: number,
): string[] {
  return boxes
    .filter(({ component, alias }) => component === "postgres" && alias !== leader)
    .map(({ alias }) => alias)
    .filter((alias) => (members[alias]?.xlog?.replayed_location ?? 0) < location);
}
