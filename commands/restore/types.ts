/** What the parts of `./holdfast restore` tell each other, and what they say to the members. */

import type { Settings } from "../../settings.ts";
import type { GlobalOptions } from "../options.ts";

/** A repository to restore from; `source` is another stack's, of which the backup container was told. */
export type RepositoryName = "local" | "cloud" | "source";

export interface RestoreOptions extends GlobalOptions {
  /** `latest`, or a moment: ISO 8601, UTC unless it names a zone. @default "latest" */
  readonly to?: string;
  /** @default local where it can, else cloud */
  readonly repository?: "local" | "cloud";
  /** A leader that works is stopped and its data replaced. @default false */
  readonly overwrite?: boolean;
  /** Where the volume has no room for both, the old data is removed first. @default false */
  readonly discard?: boolean;
  /** Start with an empty database although there are backups. @default false */
  readonly empty?: boolean;
  /** Remove the data that an earlier restore moved aside, and do nothing else. @default false */
  readonly forget?: boolean;
  /** Put the old data back after a restore that failed, and do nothing else. @default false */
  readonly cancel?: boolean;
  /** A recovery kit's file: restore what it opens. */
  readonly kit?: string;
  readonly passphraseFile?: string;
  /** When the environment was lost, where it is known: the recovery point is measured against it. */
  readonly lostAt?: string;
  /** Another stack, whose backups this one begins with. */
  readonly from?: string;
  /** Only these tables, into a schema beside the live ones. */
  readonly table?: readonly string[];
  readonly kind?: "logical" | "physical";
  /** Whether `--stack` was typed. */
  readonly stackGiven?: boolean;
}

/** How far to recover. `value`: ISO time for `time`, `0/3000148` for `lsn`, empty for `latest`. */
export interface RestoreTarget {
  readonly kind: "latest" | "time" | "lsn";
  readonly value: string;
}

/** What a member is told to do: /var/lib/postgresql/restore/order.json on its data volume. */
export interface RestoreOrder {
  readonly id: string;
  readonly repository: RepositoryName;
  readonly target: RestoreTarget;
  /** A certain base backup; null: the newest that the target allows. */
  readonly label: string | null;
  /** pgBackRest's name of the cluster whose backups these are. */
  readonly stanza: string;
  /** The member that restores; the others clone it. */
  readonly restorer: string;
  /** Every member that has this order. The restorer refuses while another one runs. */
  readonly members: readonly string[];
  /** Remove the old data where the volume has no room for both. */
  readonly discard: boolean;
}

/**
 * Where a member is. `none`: nothing to do with a restore; `waiting`: empty, and backups exist;
 * `stopped`: has its order, PostgreSQL stopped, waits for `go`. The restorer then goes through
 * clearing, aside, restoring, recovering; the others through awaiting, cloning; all end in `done` or
 * `failed`.
 */
export type Phase =
  | "none"
  | "waiting"
  | "stopping"
  | "stopped"
  | "clearing"
  | "aside"
  | "restoring"
  | "recovering"
  | "awaiting"
  | "cloning"
  | "done"
  | "failed";

/** What `holdfast-restore state` prints. */
export interface MemberState {
  readonly member: string;
  readonly phase: Phase;
  /** For people: what it is at, or pgBackRest's or PostgreSQL's own words. */
  readonly detail: string;
  /** ISO time of the phase's beginning. */
  readonly since: string;
  /** The order's id; null without one. */
  readonly id: string | null;
  /** Old data kept on this member's volume. */
  readonly kept: readonly { readonly name: string; readonly bytes: number }[];
  /** The base backup that was used, once it is chosen. */
  readonly label: string | null;
  /** What is in the data directory, by pg_controldata; null when it holds no database. */
  readonly data: {
    readonly system: string;
    readonly timeline: number;
    readonly lsn: string;
  } | null;
}

/** A restore of a whole cluster, see {@link "./follow.ts"}. */
export interface RestoreRequest {
  readonly settings: Settings;
  readonly target: RestoreTarget;
  readonly repository: RepositoryName;
  /** @default the stack's own */
  readonly stanza?: string;
  /** @default null: the newest that the target allows */
  readonly label?: string | null;
  /** @default false */
  readonly discard?: boolean;
  /** How long members' containers may take to appear: `up` may be at it. @default 60 */
  readonly waitSeconds?: number;
  /** Members whose containers must be there before the orders are given. @default all */
  readonly firstMembers?: number;
  /**
   * The stack began with this restore: a member that is done was restored by an earlier run of the same
   * command, and is not restored again; another leader's data are not replaced. @default false
   */
  readonly fresh?: boolean;
  readonly signal?: AbortSignal;
}

/** What became of it. Times are ISO. */
export interface RestoreOutcome {
  readonly startedAt: string;
  /** The newest heartbeat row in the restored database; null when it has none. */
  readonly recoveredTo: string | null;
  readonly firstWriteAt: string;
  readonly wholeAt: string;
  /** Who leads. */
  readonly member: string;
  readonly timeline: number;
  readonly members: number;
  readonly label: string | null;
  /** What is not whole, in sentences; empty when all is. */
  readonly lacks: readonly string[];
}
