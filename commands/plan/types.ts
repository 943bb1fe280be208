import type { RefusalName } from "./risks/names.ts";

/** What a preview says of one resource, as far as a plan needs it; see events.ts for where it comes from. */
export interface Change {
  readonly urn: string;
  /** Logical name, e.g. `a-postgres-1`. */
  readonly name: string;
  /** Whole type, e.g. `docker:index/container:Container`. */
  readonly type: string;
  readonly action: Action;
  /** Whether the state protects it from deletion. */
  readonly protect: boolean;
  /** The same after this change; absent where the preview does not say. */
  readonly protectAfter?: boolean;
  /** Whether what it stands for stays when it is deleted (`retainOnDelete`). */
  readonly retain: boolean;
  readonly before?: Inputs;
  readonly after?: Inputs;
  /** Names of the inputs that differ, as the provider says. */
  readonly keys: readonly string[];
  /** Those of them that make it a replacement. */
  readonly replaceKeys: readonly string[];
  /** Place among the steps of the preview, from 0. */
  readonly position: number;
  /** URNs of what it waits for, directly; absent where the preview does not say. */
  readonly dependsOn?: readonly string[];
  /** URNs of what its inputs are computed from: with a replacement there it is deleted first, too. */
  readonly computedFrom?: readonly string[];
}

export type Action = "none" | "create" | "update" | "replace" | "delete";
export type Inputs = Readonly<Record<string, unknown>>;

/** From the least to the most that can happen to what runs on a node. */
export const EFFECTS = [
  "nothing",
  "reload",
  "in place",
  "rolling restart",
  "replacement",
  "new",
  "removed",
] as const;
export type Effect = (typeof EFFECTS)[number];

/** One container, and what happens to it. */
export interface NodePlan {
  /** e.g. `a-postgres-1`. */
  readonly node: string;
  readonly site: string;
  /** e.g. `postgres`. */
  readonly tier: string;
  /** Number within the tier, 0 for tiers without numbers. */
  readonly instance: number;
  readonly effect: Effect;
  /** What makes it so, a sentence each. */
  readonly reasons: readonly string[];
}

/** One step, in the order of the update. */
export interface Step {
  readonly what: string;
  /** Where members of PostgreSQL stop in it: their site, and why they do. */
  readonly site?: string;
  readonly cause?: "stop" | "restart";
  /** Leaders handed over with this step: the least and the most, equal when the leader is known. */
  readonly handovers?: readonly [number, number];
}

/** How long clients wait at one kind of moment, as it was measured. */
export interface Stall {
  /** e.g. `a handover while a member is replaced`. */
  readonly moment: string;
  /** How often it happens in this update: least and most. */
  readonly times: readonly [number, number];
  /** Absent when nobody ever measured it. */
  readonly measured?: Figure;
  /** The drill is the nearest thing that was measured, not this itself. */
  readonly nearest: boolean;
}

/** The longest time without an acknowledged write in the runs of one drill. */
export interface Figure {
  readonly drill: string;
  readonly n: number;
  readonly medianSeconds: number;
  readonly maxSeconds: number;
  /** Where it is written, e.g. `docs/drills.md`. */
  readonly source: string;
}

export type Figures = Readonly<Record<string, Figure>>;

/** Something that endangers data. */
export interface Risk {
  readonly name: RefusalName;
  /** Logical names. */
  readonly resources: readonly string[];
  /** One sentence: what would happen. */
  readonly what: string;
  /** What to do in its place. */
  readonly instead: string;
}

/** A live file that changes. */
export interface FileChange {
  /** Logical name of the resource. */
  readonly resource: string;
  /** e.g. `postgres-config/postgresql.conf`. */
  readonly path: string;
  readonly action: "created" | "changed" | "removed";
  /** A unified diff; absent where the text is secret or not known yet. */
  readonly diff?: string;
}

/** Everything that an update will do, for people and machines. */
export interface Plan {
  /** How many resources, by what happens to them. */
  readonly changes: Readonly<Record<Exclude<Action, "none">, number>>;
  readonly unchanged: number;
  readonly nodes: readonly NodePlan[];
  readonly order: readonly Step[];
  /** Least and most over the whole update. */
  readonly handovers: readonly [number, number];
  readonly stalls: readonly Stall[];
  readonly risks: readonly Risk[];
  /** Nothing to refuse for, and worth knowing. */
  readonly notes: readonly string[];
  readonly files: readonly FileChange[];
}

/** What a plan may know beside the preview. */
export interface Facts {
  /** Site → number of the member that leads now, where that could be asked. */
  readonly leaders: Readonly<Record<string, number>>;
  /** Sites that follow another one: nobody writes there. @default none that is known */
  readonly standbys?: readonly string[];
  readonly figures: Figures;
  /** What the living members say of those that leave or come. @default nobody asked them */
  readonly scaling?: { readonly risks: readonly Risk[]; readonly notes: readonly string[] };
}
