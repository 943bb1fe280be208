import type { Docker } from "../../../docker.ts";
import type { Box } from "../../boxes.ts";
import type { Scene } from "../../scene.ts";
import { ANSWER_MS, boxOf } from "../tools.ts";

/** What the backup container writes down every few seconds. Times are seconds since 1970. */
export interface ArchiveFacts {
  readonly at: number;
  readonly repositories: Readonly<Record<string, RepositoryFacts>>;
  /** WAL of the local archive that the cloud's lacks. */
  readonly backlog: { readonly segments: number; readonly ageSeconds: number };
  /** Segments that wait on each member. */
  readonly queues: Readonly<Record<string, number>>;
}

export interface RepositoryFacts {
  readonly up: boolean;
  /** One word, of those that are not up. */
  readonly cause: string;
  readonly error: string;
  /** The newest heartbeat that the unbroken archive holds; null when nobody knows one. */
  readonly recoverableTo: number | null;
  /** Each: the archive's id, the first and the last missing file. */
  readonly holes: readonly (readonly string[])[];
}

/** The facts, and the time by the clock of the container that wrote them. */
export interface Observed {
  readonly facts: ArchiveFacts;
  readonly now: number;
}

const FILE = "/run/holdfast/archive.json";
/** Written every 5 s: whoever wrote it hangs, or is not there. */
const STALE_SECONDS = 15;
/** Of a member's: more than what a busy second leaves. */
const QUEUE_SEGMENTS = 2;
const POLL_SECONDS = 1;

/** Undefined while nobody answers, or nothing was written yet. */
export async function observe(docker: Docker, backup: Box): Promise<Observed | undefined> {
  const { code, stdout } = await docker.run(
    ["exec", backup.name, "sh", "-c", `date +%s && cat ${FILE}`],
    { timeoutMs: ANSWER_MS },
  );
  return code === 0 ? parseObserved(stdout) : undefined;
}

/** A line with the time, then the facts. Pure. */
export function parseObserved(text: string): Observed | undefined {
  const end = text.indexOf("\n");
  try {
    return { now: Number(text.slice(0, end)), facts: JSON.parse(text.slice(end)) as ArchiveFacts };
  } catch {
    return undefined;
  }
}

/** What a whole archive is held to. */
export interface Wanted {
  /** Holes that were there before. */
  readonly holes: Pick<ReadonlySet<string>, "has">;
  /** Everything up to this moment has to be recoverable, from each repository. @default not looked at */
  readonly recoverableTo?: number;
}

/** A hole's name for a set. Pure. */
export function holesOf({ facts }: Observed): Set<string> {
  return new Set(
    Object.entries(facts.repositories).flatMap(([name, { holes }]) =>
      holes.map((hole) => `${name} ${hole.join(" ")}`),
    ),
  );
}

/** What the backups lack, a phrase each; empty when nothing. Pure. */
export function lacks(observed: Observed | undefined, wanted: Wanted): string[] {
  if (!observed) {
    return ["the backup container does not say how the archive is"];
  }
  const { facts, now } = observed;
  const { queues, backlog, repositories } = facts;
  const waiting = Object.entries(queues).filter(([, count]) => count > QUEUE_SEGMENTS);
  const fresh = [...holesOf(observed)].filter((hole) => !wanted.holes.has(hole));
  return [
    ...(now - facts.at > STALE_SECONDS
      ? [`nobody looked at the archive for ${Math.round(now - facts.at)} s`]
      : []),
    ...Object.entries(repositories).flatMap(([name, repository]) =>
      lacksOf(name, repository, wanted.recoverableTo),
    ),
    ...fresh.map((hole) => `a hole: ${hole}`),
    ...waiting.map(([member, count]) => `${count} segments wait on ${member}`),
    ...(backlog.segments > 0 ? [`${backlog.segments} segments wait for the cloud`] : []),
  ];
}

function lacksOf(name: string, repository: RepositoryFacts, since: number | undefined): string[] {
  const { up, cause, error, recoverableTo } = repository;
  if (!up) {
    return [`${name} is not up (${cause || "no cause"}): ${error || "no error"}`];
  }
  if (since === undefined || (recoverableTo ?? 0) >= since) {
    return [];
  }
  const behind = recoverableTo === null ? "nothing" : `${Math.round(since - recoverableTo)} s less`;
  return [`${name} recovers ${behind} than wanted`];
}

/** Waits until the backups lack nothing. @throws Error that says what after `seconds` */
export async function untilWhole(scene: Scene, wanted: Wanted, seconds: number): Promise<Observed> {
  const backup = boxOf(scene, "backup");
  const end = scene.now() + seconds;
  for (;;) {
    const observed = await observe(scene.docker, backup);
    const missing = lacks(observed, wanted);
    if (observed && missing.length === 0) {
      return observed;
    }
    if (scene.now() > end) {
      throw new Error(
        `the backups are not whole after ${Math.round(seconds)} s: ${missing.join("; ")}`,
      );
    }
    await scene.sleep(POLL_SECONDS);
  }
}

/** After the repair: all that was written until now comes to be recoverable from each repository. */
export async function untilAllRecoverable(
  scene: Scene,
  holes: ReadonlySet<string>,
  seconds: number,
): Promise<void> {
  const end = scene.now() + seconds;
  const recoverableTo = await clockOf(scene);
  await untilWhole(scene, { holes, recoverableTo }, end - scene.now());
}

/** The time by the backup container's Docker host. */
export async function clockOf({ docker, leader }: Scene): Promise<number> {
  const { stdout } = await docker.must("asking for the time", ["exec", leader.name, "date", "+%s"]);
  return Number(stdout);
}
