import type { Settings } from "../../settings.ts";
import type { Docker } from "../docker.ts";
import type { Box } from "./boxes.ts";
import type { Look } from "./site.ts";

/** What the runner uses of a load; `Load` in load.ts is one. */
export interface RunningLoad {
  /** Names its rows in the ledger. */
  readonly run: string;
  /** Docker's name of its container. */
  readonly container: string;
  mark(text: string): Promise<number>;
  writesAgain(since: number, seconds: number): Promise<number | undefined>;
}

/** What a fault works with. */
export interface Scene {
  readonly docker: Docker;
  readonly settings: Settings;
  /** The site before the fault. */
  readonly look: Look;
  /** The leader's container before the fault. */
  readonly leader: Box;
  /** The other members' containers. */
  readonly replicas: readonly Box[];
  /** A fresh look at the site. */
  lookAgain(): Promise<Look>;
  /** From now on another site is the active one, which is looked at. */
  turnTo(site: string): void;
  /** The container of the load that runs; undefined before it does. */
  readonly load: string | undefined;
  /** Undoes this part of the fault; registered before the part is done. Last one first, once. */
  undo(what: string, work: () => Promise<unknown>): void;
  /** Puts in order what the drill set up, after the ledger was checked; also on every error. */
  cleanUp(what: string, work: () => Promise<unknown>): void;
  /** An observation for the report. */
  note(text: string): void;
  /** Waits, and ends early with an error when a person interrupts. Seconds. */
  sleep(seconds: number): Promise<void>;
  /** Waits until redundancy is full. @throws Error that says what is missing after `seconds` */
  untilFull(seconds: number): Promise<Look>;
  /** How long the fault shall last instead of its own time, when a person says so. Seconds. */
  readonly hold: number | undefined;
  /** What fires now. */
  firing(): Promise<Firing[]>;
  /** The stage's clock, in seconds. */
  now(): number;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** An alert as Alertmanager has it. */
export interface Firing {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** What it tells people to do. */
  readonly action?: string;
}

/** An alert that a fault has to raise: of this name, with these labels at least. */
export interface WantedAlert {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What an injected fault says of itself. */
export interface Injected {
  /** One sentence: what was done to what. */
  readonly fault: string;
  /** How long it lasts before it is undone. Seconds. @default 0 */
  readonly holdSeconds?: number;
  /**
   * It is undone as soon as its alert fires, after so many seconds at the earliest; `holdSeconds` is
   * how long the alert is waited for. @default it lasts to the end
   */
  readonly untilAlertSeconds?: number;
  /** What went otherwise than this fault promises, e.g. a handover that should have succeeded. */
  readonly wrong?: string;
  /** Looks at it once it has lasted so long, before it is undone. @returns what is wrong, if anything */
  check?(): Promise<string | undefined>;
  /**
   * After it was undone, while the load still runs: resolves when what it harmed is whole again by
   * itself, beside redundancy. @throws Error that says what is not
   */
  whole?(): Promise<void>;
  /**
   * What only the fault could measure, asked when all is whole again and its traces are complete; in place
   * of what the runner measured. @throws Error for what it saw and must not have happened
   */
  seen?(): Promise<Seen>;
  /** What only the fault could measure. */
  readonly figures?: {
    readonly stepDownSeconds?: number | undefined;
    /** From a fault that mended itself, instead of from its undoing. */
    readonly wholeAgainSeconds?: number;
  };
}

/** See `Injected.seen`. */
export interface Seen {
  readonly noTrafficSeconds?: number;
  readonly wholeAgainSeconds?: number;
}

export type Family =
  | "planned"
  | "crash"
  | "etcd"
  | "paths"
  | "backup"
  | "disk"
  | "host"
  | "site"
  | "application";

/** A named fault that a person can ask for. */
export interface Drill {
  readonly name: string;
  readonly family: Family;
  /** One line for `drill --list`. */
  readonly description: string;
  /** Sets the stage before the load starts. @throws Skipped */
  prepare?(scene: Scene): Promise<Look>;
  /** Makes the fault while the load runs. @throws Skipped before anything was done */
  inject(scene: Scene): Promise<Injected>;
  /** An alert that has to fire while the fault lasts; `alertSeconds` is how long it took. */
  readonly alert?: string | WantedAlert;
  /** Only when it or its family is named: `all` ends within 20 minutes. @default false */
  readonly notInAll?: boolean;
  /** Its clients find the active site by the public names, wherever that is. */
  readonly byNames?: boolean;
  /** The load does not outlive the fault: what it acknowledged until then counts, see run.ts. */
  readonly endsLoad?: boolean;
}

/** Thrown by a drill that cannot run here: reported with its reason, and no failure. */
export class Skipped extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "Skipped";
  }
}
