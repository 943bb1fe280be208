/**
 * Two sites, the link between them, a witness and people's way to both, in a time of its own: what the
 * `site` commands act on in their property test. Agents follow commands/site/machine.ts.
 */
import {
  apply,
  coldStart,
  confirms,
  forgotten,
  heard,
  LEASE_SECONDS,
  type Lease,
  promotesItself,
  resumes,
  type Verb,
} from "../../../../commands/site/machine.ts";
import {
  type AgentStatus,
  Refused,
  type SiteDocument,
  type Topology,
} from "../../../../commands/site/types.ts";

export type Name = "a" | "b";
export const NAMES: readonly Name[] = ["a", "b"];

/** Anything that happens by itself. */
export type Event =
  | {
      readonly kind: "power" | "agent" | "operator" | "witness-link";
      readonly site: Name;
      readonly on: boolean;
    }
  | { readonly kind: "stall"; readonly site: Name; readonly on: boolean }
  | { readonly kind: "etcd-lost"; readonly site: Name }
  | { readonly kind: "link" | "witness"; readonly on: boolean }
  | { readonly kind: "witness-lost" }
  | { readonly kind: "ticks"; readonly seconds: number };

/** One site. Its document and its WAL outlive its power. */
export class ModelSite {
  readonly name: Name;
  /** Its PostgreSQL runs. */
  power = true;
  agent = true;
  /** People reach its Docker host. */
  operator = true;
  witnessLink = true;
  /** Its standby receives nothing, unseen. */
  stalled = false;
  document: SiteDocument;
  /** Every write that it has, in order. */
  wal: number[] = [];
  /** When its lease ends by its own clock. */
  deadline = 0;
  /** What it heard of the other site a second ago; of a broken rule. */
  heard: SiteDocument | undefined;
  /** Since when it has seen the witness's present lease. */
  seen = { revision: -1, since: 0 };

  constructor(name: Name) {
    this.name = name;
    const role = name === "a" ? "active" : "standby";
    this.document = { site: name, role, epoch: 1, active: "a" };
  }
}

const LOSSES_APART_SECONDS = 120;

export interface WorldOptions {
  readonly witness: boolean;
  readonly automatic: boolean;
  /** Breaks one rule of the agents, to see that the property needs it. @default none */
  readonly broken?: "word-not-written" | "witness-forgets" | "no-lease-kept";
}

export class World {
  readonly topology: Topology;
  readonly a = new ModelSite("a");
  readonly b = new ModelSite("b");
  now = 0;
  link = true;
  /** `revision` counts every change of the holder, data losses included. */
  witness = {
    up: true,
    holder: null as Name | null,
    epoch: 1 as number | null,
    expires: 0,
    revision: 0,
  };
  /** Moments at which both sites took writes. */
  readonly both: number[] = [];
  /** Planned promotions that lacked a write of the drained site. */
  readonly gaps: string[] = [];
  /** Verbs after which a site knew a lower epoch than before. */
  readonly backwards: string[] = [];
  #writes = 0;
  /** When the witness last lost its data. */
  #forgotAt = Number.NEGATIVE_INFINITY;

  readonly #options: WorldOptions;

  constructor(options: WorldOptions) {
    this.#options = options;
    const { witness, automatic } = options;
    this.topology = { stack: "dev", sites: ["a", "b"], seedSeconds: 120, witness, automatic };
    if (options.witness) {
      this.#take(this.a, 1);
    }
    this.tick();
  }

  site(name: string): ModelSite {
    return name === "a" ? this.a : this.b;
  }

  /** What M29 enforces at database, pooler and edge: also where the agent is dead. */
  takesWrites(site: ModelSite): boolean {
    const holds = !this.topology.witness || this.now < site.deadline;
    return site.power && site.document.role === "active" && holds;
  }

  /** What people know of it from where they are; undefined when its agent does not answer. */
  status(site: ModelSite): AgentStatus {
    const peer = this.#peer(site);
    const streams = this.#streams(site) && this.#isBehind(site);
    return {
      ...site.document,
      leader: site.power ? "postgres-1" : null,
      timeline: site.document.epoch,
      lsn: lsnOf(site.wal.length),
      streaming: streams,
      lagBytes: streams ? Math.max(0, peer.wal.length - site.wal.length) : null,
      lagSeconds: 0,
      witness: this.view(site) ?? null,
      replicas: 1,
      writes: this.takesWrites(site),
    };
  }

  view(site: ModelSite): Lease | undefined {
    if (!this.topology.witness) {
      return undefined;
    }
    this.#expire();
    const { up, holder, epoch } = this.witness;
    const reachable = up && site.witnessLink;
    const isSame = site.seen.revision === this.witness.revision;
    const freeSeconds = isSame && holder === null ? this.now - site.seen.since : 0;
    return reachable
      ? { reachable, holder, epoch, freeSeconds }
      : { reachable, holder: null, epoch: null, freeSeconds: 0 };
  }

  /** @throws Refused */
  verb(site: ModelSite, verb: Verb, at?: string): void {
    if (verb.verb === "promote" && at !== undefined && lsnOf(site.wal.length) < at) {
      throw new Refused("not replayed yet");
    }
    const peer = this.#peer(site);
    const heard = this.link && peer.power && peer.agent ? peer.document.epoch : 0;
    if (verb.verb === "promote" && site.document.role !== "active" && verb.epoch <= heard) {
      throw new Refused(`the other site knows epoch ${heard}`);
    }
    const outcome = apply(site.document, verb, this.view(site));
    if ("refused" in outcome) {
      throw new Refused(outcome.refused);
    }
    if (at !== undefined) {
      this.#checkToken(site);
    }
    this.#become(site, outcome.document);
    if (outcome.document.role === "active" && this.topology.witness) {
      this.#take(site, outcome.document.epoch);
    } else if (outcome.document.role === "standby") {
      this.release(site);
    }
    this.check();
  }

  /** @throws Refused */
  giveBack(site: ModelSite): void {
    if (site.document.role === "active") {
      throw new Refused(`site ${site.name} is active`);
    }
    this.release(site);
  }

  release(site: ModelSite): void {
    if (this.view(site)?.reachable && this.witness.holder === site.name) {
      this.#hold(null);
    }
  }

  stop(site: ModelSite): void {
    site.power = false;
    this.check();
  }

  start(site: ModelSite): void {
    if (!site.power) {
      site.document = coldStart(site.document);
      site.power = true;
      site.agent = true;
    }
  }

  happen(event: Event): void {
    switch (event.kind) {
      case "ticks":
        for (let second = 0; second < event.seconds; second += 1) this.tick();
        break;
      case "link":
        this.link = event.on;
        break;
      case "witness":
        this.witness.up = event.on;
        break;
      case "witness-lost":
        // Not again while somebody waits out the first loss: whoever looks once a second sees one only.
        if (this.now - this.#forgotAt > LOSSES_APART_SECONDS) {
          this.#forgotAt = this.now;
          this.#hold(null);
          this.witness.epoch = null;
        }
        break;
      case "etcd-lost":
        this.site(event.site).document = forgotten(event.site);
        break;
      case "power":
        if (event.on) this.start(this.site(event.site));
        else this.site(event.site).power = false;
        break;
      case "agent":
        this.site(event.site).agent = event.on;
        break;
      case "operator":
        this.site(event.site).operator = event.on;
        break;
      case "witness-link":
        this.site(event.site).witnessLink = event.on;
        break;
      default:
        this.site(event.site).stalled = event.on;
    }
    this.check();
  }

  /** Everything is mended, and everybody has had a minute. */
  heal(): void {
    this.link = true;
    this.witness.up = true;
    for (const site of [this.a, this.b]) {
      this.start(site);
      site.agent = true;
      site.operator = true;
      site.witnessLink = true;
      site.stalled = false;
    }
    this.happen({ kind: "ticks", seconds: 60 });
  }

  /** One second. */
  tick(): void {
    this.now += 1;
    for (const site of [this.a, this.b]) {
      this.#agent(site);
      this.check();
    }
    for (const site of [this.a, this.b]) {
      if (this.takesWrites(site)) {
        this.#writes += 1;
        site.wal.push(this.#writes);
      }
    }
    for (const site of [this.a, this.b]) {
      this.#stream(site);
    }
  }

  check(): void {
    if (this.takesWrites(this.a) && this.takesWrites(this.b)) {
      this.both.push(this.now);
    }
  }

  #agent(site: ModelSite): void {
    if (!site.power || !site.agent) {
      return;
    }
    const peer = this.#peer(site);
    const word = this.link && peer.power && peer.agent ? peer.document : undefined;
    const lease = this.view(site);
    if (lease !== undefined) {
      this.#renew(site);
      if (lease.reachable && site.seen.revision !== this.witness.revision) {
        site.seen = { revision: this.witness.revision, since: this.now };
      }
    }
    if (word !== undefined) {
      this.#become(site, heard(site.document, word));
    }
    if (lease === undefined) {
      this.#askPeer(site, peer, word);
    } else if (resumes(site.document, this.#remembered(site, lease))) {
      this.#take(site, site.document.epoch);
      this.#become(site, { ...site.document, role: "active" });
    } else if (this.topology.automatic) {
      const epoch = promotesItself(site.document, {
        lease: this.#remembered(site, lease),
        peer: word,
      });
      if (epoch !== undefined) {
        this.#take(site, epoch);
        this.#become(site, { site: site.name, role: "active", epoch, active: site.name });
      }
    }
  }

  /** A broken rule: a witness without memory counts as one that agrees. */
  #remembered(site: ModelSite, lease: Lease): Lease {
    const forgets = this.#options.broken === "witness-forgets" && lease.reachable;
    return forgets && lease.epoch === null ? { ...lease, epoch: site.document.epoch } : lease;
  }

  /** Without a witness: the other site writes its word down first, and then says it. */
  #askPeer(site: ModelSite, peer: ModelSite, said: SiteDocument | undefined): void {
    if (this.#options.broken === "word-not-written") {
      this.#trust(site, said);
      return;
    }
    const word = said && confirms(said, site.document);
    if (word) {
      this.#become(peer, word);
      this.#become(site, { ...site.document, role: "active", epoch: word.epoch });
    }
  }

  /** A broken rule: what was heard a moment ago is believed. */
  #trust(site: ModelSite, said: SiteDocument | undefined): void {
    if (site.heard !== undefined && confirms(site.heard, site.document)) {
      this.#become(site, { ...site.document, role: "active" });
    }
    site.heard = said;
  }

  /** A site that holds the lease keeps it while it reaches the witness, and else ends by itself. */
  #renew(site: ModelSite): void {
    const { role, epoch } = site.document;
    if (role !== "active") {
      return;
    }
    const view = this.view(site);
    const isFree = view?.holder === site.name || view?.holder === null;
    const isRunning = this.now < site.deadline;
    if (isRunning && view?.reachable && isFree && (view.epoch ?? 0) <= epoch) {
      this.#take(site, epoch);
    } else if (this.#options.broken === "no-lease-kept") {
      site.deadline = this.now + LEASE_SECONDS;
    } else if (!isRunning) {
      this.#become(site, { ...site.document, role: "unconfirmed" });
    }
  }

  #take(site: ModelSite, epoch: number): void {
    if (this.witness.holder !== site.name) {
      this.#hold(site.name);
    }
    this.witness.epoch = Math.max(epoch, this.witness.epoch ?? 0);
    this.witness.expires = this.now + LEASE_SECONDS;
    site.deadline = this.now + LEASE_SECONDS;
  }

  #hold(holder: Name | null): void {
    this.witness.holder = holder;
    this.witness.revision += 1;
  }

  #expire(): void {
    if (this.witness.holder !== null && this.now >= this.witness.expires) {
      this.#hold(null);
    }
  }

  #become(site: ModelSite, document: SiteDocument): void {
    if (document.epoch < site.document.epoch) {
      this.backwards.push(`${site.name}: ${site.document.epoch} to ${document.epoch}`);
    }
    site.document = document;
  }

  #peer(site: ModelSite): ModelSite {
    return site.name === "a" ? this.b : this.a;
  }

  #streams(site: ModelSite): boolean {
    const peer = this.#peer(site);
    const { role, active } = site.document;
    const isStandby = role === "standby" && active === peer.name;
    return isStandby && this.link && site.power && peer.power && !site.stalled;
  }

  /** All that it has the other one has, too. */
  #isBehind(site: ModelSite): boolean {
    const peer = this.#peer(site);
    return site.wal.every((write, index) => peer.wal[index] === write);
  }

  #stream(site: ModelSite): void {
    if (!this.#streams(site)) {
      return;
    }
    const peer = this.#peer(site);
    const isBehind = this.#isBehind(site);
    // By rewind, or by a new copy.
    if (isBehind || peer.document.role === "active") {
      site.wal = [...peer.wal];
    }
  }

  #checkToken(site: ModelSite): void {
    const peer = this.#peer(site);
    if (peer.document.role === "draining" && peer.wal.some((write, i) => site.wal[i] !== write)) {
      this.gaps.push(`site ${site.name} was promoted in a planned way without all of ${peer.name}`);
    }
  }
}

/** Of equal length for every position of the model, so that texts compare as positions do. */
export function lsnOf(writes: number): string {
  return `0/${writes.toString(16).toUpperCase().padStart(8, "0")}`;
}
