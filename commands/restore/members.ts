import type { Settings } from "../../settings.ts";
import type { ContainerState } from "../cluster/containers.ts";
import { activeSite } from "../cluster/leader.ts";
import type { Docker } from "../docker.ts";
import { Fault } from "../fault.ts";
import type { MemberState, Phase, RestoreOrder } from "./types.ts";

/** A member's container and where it is. */
export interface Place {
  readonly name: string;
  readonly container: string;
  readonly docker: Docker;
  /** null while it does not answer. */
  readonly state: MemberState | null;
}

const ANSWER_MS = 30_000;
/** Work that another order must not cut short. */
const UNDER_WAY: readonly Phase[] = [
  "clearing",
  "aside",
  "restoring",
  "recovering",
  "awaiting",
  "cloning",
];

/** Every member whose container runs, by number. */
export async function placesOf(settings: Settings): Promise<Place[]> {
  const { docker, containers } = await activeSite(settings);
  const nodes = containers.filter(({ component, running }) => component === "postgres" && running);
  return Promise.all(nodes.map((node) => look(docker, node)));
}

async function look(docker: Docker, { alias, name }: ContainerState): Promise<Place> {
  const args = ["exec", name, "holdfast-restore", "state"];
  const { code, stdout } = await docker.run(args, { timeoutMs: ANSWER_MS });
  const state = code === 0 ? (JSON.parse(stdout) as MemberState) : null;
  return { name: alias, container: name, docker, state };
}

/**
 * Says something to a member: `order`, `go`, `cancel`, `fresh`, `forget`.
 *
 * @returns its answer
 * @throws Fault with its reason when it refuses
 */
export async function say(place: Place, word: string, order?: RestoreOrder): Promise<string> {
  const args = ["exec", "--interactive", place.container, "holdfast-restore", word];
  const { code, stdout, stderr } = await place.docker.run(args, {
    timeoutMs: ANSWER_MS,
    input: order ? JSON.stringify(order) : "",
  });
  if (code !== 0) {
    throw new Fault(`${place.name} refuses: ${(stderr || stdout).trim()}`);
  }
  return stdout.trim();
}

/** The order that members carry out at this moment; undefined when none does. Pure. */
export function orderUnderWay(places: readonly Pick<Place, "state">[]): string | undefined {
  const busy = places.find(({ state }) => state?.id && UNDER_WAY.includes(state.phase));
  return busy?.state?.id ?? undefined;
}

/**
 * Who restores: the leader, else whoever has the newest data (most is then kept beside it), else the
 * lowest number. Pure.
 *
 * @param places by number
 */
export function chooseRestorer(
  places: readonly Pick<Place, "name" | "state">[],
  leader: string | undefined,
): string {
  if (leader && places.some(({ name }) => name === leader)) {
    return leader;
  }
  const rank = ({ state }: Pick<Place, "state">): [number, bigint] =>
    state?.data ? [state.data.timeline, lsnNumber(state.data.lsn)] : [0, 0n];
  let best = places[0];
  for (const place of places.slice(1)) {
    const [own, most] = [rank(place), rank(best as (typeof places)[number])];
    if (own[0] > most[0] || (own[0] === most[0] && own[1] > most[1])) {
      best = place;
    }
  }
  return best?.name ?? "";
}

function lsnNumber(text: string): bigint {
  const [high = "0", low = "0"] = text.split("/");
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
}

/** Where the members are, in one line for people. Pure. */
export function progressLine(places: readonly Pick<Place, "name" | "state">[]): string {
  return places
    .map(({ name, state }) => {
      const detail = state?.detail && state.phase !== "done" ? ` (${state.detail})` : "";
      return `${name} ${state ? state.phase + detail : "does not answer"}`;
    })
    .join("; ");
}
