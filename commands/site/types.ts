/** The words that the `site` commands, the agents and the drill share. Times are seconds unless a name says otherwise. */

/** What a site may do: only `active` takes writes. */
export type Role = "active" | "standby" | "unconfirmed" | "draining";

/** What a site's agent keeps in its site's etcd. */
export interface SiteDocument {
  readonly site: string;
  readonly role: Role;
  /** Counts the changes of the active site; 0 when it is not known (a new etcd). */
  readonly epoch: number;
  /** Which site is active as of this epoch; null when that is not known. */
  readonly active: string | null;
}

/** The witness as one site sees it. */
export interface WitnessView {
  readonly reachable: boolean;
  /** Who holds the lease now. */
  readonly holder: string | null;
  /** The highest epoch that took the lease; null when the witness has none (its data is new). */
  readonly epoch: number | null;
}

/** An agent's answer to `status`. */
export interface AgentStatus extends SiteDocument {
  /** The member that leads in this site, as leader or as standby leader. */
  readonly leader: string | null;
  readonly timeline: number | null;
  /** Up to where the site has its data: written or replayed. While draining: where it ended. */
  readonly lsn: string | null;
  /** A standby that receives the other site's WAL now. */
  readonly streaming: boolean;
  /** How far behind the other site, when that was last heard of. */
  readonly lagBytes: number | null;
  /** The age of the newest transaction that the other site had and this one has, too. */
  readonly lagSeconds: number | null;
  /** Null where the stack has no witness. */
  readonly witness: WitnessView | null;
  /** Members that follow this site's leader. */
  readonly replicas: number;
  /** Whether a member takes writes. */
  readonly writes: boolean;
}

/** A site as the launcher sees it from where it runs. */
export type Seen =
  | { readonly answers: true; readonly status: AgentStatus }
  | {
      readonly answers: false;
      /** Whether its Docker host does answer. */
      readonly docker: boolean;
      /** Why not, for a person. */
      readonly why: string;
    };

/** How `demote` made a standby of a site. */
export interface Demoted {
  /** `follow`: its data ended before the other one's began; `rewind`; `clone`: from nothing. */
  readonly method: "follow" | "rewind" | "clone";
}

/**
 * What the commands may ask of a site's agent; each verb may be repeated. Every verb throws `Refused` when
 * the agent says no, and `Unanswered` when nobody knows whether it was carried out.
 */
export interface SiteControl {
  status(site: string): Promise<Seen>;
  /** No more writes. @returns the position of the last one */
  drain(site: string, epoch: number): Promise<{ readonly lsn: string }>;
  /** @param at only once replayed up to there */
  promote(site: string, epoch: number, at?: string): Promise<void>;
  demote(site: string, epoch: number, follow: string): Promise<Demoted>;
  /** A person's word for a site that starts cold. */
  activate(site: string, epoch: number): Promise<void>;
  /** Gives back the lease at the witness. */
  release(site: string): Promise<void>;
}

/** What became of stopping a site over its Docker host. */
export interface Stopped {
  /** Nothing there can take a write any more, as read from Docker afterwards. */
  readonly stopped: boolean;
  /** What was stopped, or why not. */
  readonly what: string;
}

/** All that a command touches; a test has a world of its own. */
export interface SitePorts {
  readonly control: SiteControl;
  /** Stops whatever of a site takes writes, and looks whether it did. Never throws. */
  stop(site: string): Promise<Stopped>;
  /** Starts a site's containers that are stopped; it starts cold. @throws Fault */
  start(site: string): Promise<void>;
  /** Points the public names to a site. @returns what was changed, for a person @throws Fault */
  flip(active: string): Promise<string>;
  /** A person's yes. */
  confirm(question: string): Promise<boolean>;
  say(text: string): void;
  /** A steady clock. */
  now(): number;
  sleep(seconds: number): Promise<void>;
}

/** Which sites there are, and by which rules they change over. */
export interface Topology {
  readonly stack: string;
  /** The first one is the home, where the environment was made. */
  readonly sites: readonly [string, string];
  readonly witness: boolean;
  /** Whether standbys promote themselves. */
  readonly automatic: boolean;
  /** How long a standby may take to be made anew. Seconds. */
  readonly seedSeconds: number;
}

/** The agent's own no, with what it says to do. */
export class Refused extends Error {
  readonly next: string | undefined;

  constructor(message: string, next?: string) {
    super(message);
    this.name = "Refused";
    this.next = next;
  }
}

/** No answer: it may have been carried out or not. */
export class Unanswered extends Error {
  constructor(message: string) {
    super(message);
    this.name = "Unanswered";
  }
}
