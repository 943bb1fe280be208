import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { type Beside, besideName } from "../cluster/beside.ts";
import { psql } from "../drills/ledgerTable.ts";
import type { Look, Site } from "../drills/site.ts";
import type { Undoing } from "../drills/undoing.ts";
import { Fault } from "../fault.ts";
import { startBare } from "./bareServer.ts";
import { type BenchContainer, runArguments } from "./containers.ts";
import {
  dropStatements,
  END_SESSIONS,
  newPassword,
  POSITION,
  prepareStatements,
  replayedStatement,
  scramVerifier,
  TIDY,
} from "./database.ts";
import { PASSWORD_FILE, ROLE, type Target } from "./pgbench.ts";
import { leadsOf, poolerFiles, targetsOf } from "./routes.ts";
import type { Path } from "./types.ts";

/** What a bench is set up with. */
export interface RigOptions {
  /** pgbench's scale: 100,000 rows each, some 15 MiB. */
  readonly scale: number;
  /** Longer than the whole bench: what is left over ends itself then. */
  readonly lifeSeconds: number;
}

const ANSWER_MS = 30_000;
/** Ten million rows, on a slow disk. */
const FILL_MS = 600_000;
const REPLAY_SECONDS = 120;
const POLL_MS = 250;

/** The load container, the bare server, a PgBouncer, and pgbench's tables in both servers. */
export class Rig {
  readonly #site: Site;
  readonly #beside: Beside;
  readonly #look: Look;
  readonly #run = randomBytes(4).toString("hex");
  readonly #password = newPassword();
  readonly #options: RigOptions;
  readonly #undoing: Undoing;

  /** @param undoing gets what has to be undone, before it is done */
  constructor(site: Site, look: Look, options: RigOptions, undoing: Undoing) {
    this.#site = site;
    this.#look = look;
    this.#options = options;
    this.#undoing = undoing;
    const stackId = look.leader?.stackId ?? "";
    this.#beside = { settings: site.settings, site: site.name, stackId };
  }

  /** The container that pgbench runs in. */
  get load(): string {
    return this.#name("load");
  }

  /** Containers of the members, the leader's first. */
  get members(): string[] {
    const { boxes, leader } = this.#look;
    const others = boxes.filter(
      ({ component, id }) => component === "postgres" && id !== leader?.id,
    );
    return [leader, ...others].flatMap((box) => (box ? [box.name] : []));
  }

  /** How many replicas there are to read from. */
  get replicas(): number {
    return this.members.length - 1;
  }

  /** Sets everything up. @returns where each path leads */
  async setUp(say: (text: string) => void, signal: AbortSignal): Promise<Map<Path, Target>> {
    say("starting the load's container, a PgBouncer and a bare PostgreSQL");
    await this.#start("load", this.#imageOf("postgres"));
    await this.#start("bare", this.#imageOf("postgres"));
    await this.#start("pooler", this.#imageOf("pooler"));
    await this.#write("load", PASSWORD_FILE, `*:*:*:${ROLE}:${this.#password}\n`);
    await startBare(this.#site.docker, this.#name("bare"), this.#site.settings, signal);
    await this.#startPooler();
    const targets = await this.#targets();
    await this.#prepare();
    for (const path of ["bare", "direct"] as const) {
      say(`filling pgbench's tables, scale ${this.#options.scale}, ${path}`);
      signal.throwIfAborted();
      await this.#fill(targets.get(path));
    }
    await this.#untilReplayed(signal);
    return targets;
  }

  /** Equal conditions for the next round: on the leader and on the bare server. */
  async tidy(signal: AbortSignal): Promise<void> {
    const { name } = this.#site.settings.database;
    for (const container of [this.members[0] ?? "", this.#name("bare")]) {
      await psql(this.#site.docker, container, name, TIDY);
    }
    await this.#untilReplayed(signal);
  }

  async #targets(): Promise<Map<Path, Target>> {
    const [bare, pooler] = [await this.#addressOf("bare"), await this.#addressOf("pooler")];
    const leader = this.#look.leader?.instance ?? 0;
    return targetsOf(this.#site.settings, this.#site.name, leader, this.replicas, { bare, pooler });
  }

  async #start(kind: BenchContainer, image: string): Promise<void> {
    const name = this.#name(kind);
    const { docker } = this.#site;
    this.#undoing.add(`${name} removed`, () =>
      docker.must(`removing ${name}`, ["rm", "--force", "--volumes", name], {
        timeoutMs: ANSWER_MS,
      }),
    );
    const args = runArguments(kind, this.#beside, this.#run, image, this.#options.lifeSeconds);
    await docker.must(`starting ${name}`, ["run", "--name", name, ...args], {
      timeoutMs: ANSWER_MS,
    });
  }

  async #startPooler(): Promise<void> {
    const { docker, settings, name: site } = this.#site;
    const subnet = settings.sites[site]?.subnet ?? "";
    const replicas = this.#look.boxes
      .filter(({ component, id }) => component === "postgres" && id !== this.#look.leader?.id)
      .map(({ instance }) => instance);
    const files = poolerFiles(settings, leadsOf(subnet, replicas), this.#password);
    for (const [file, text] of Object.entries(files)) {
      await this.#write("pooler", `/run/pgbouncer/${file}`, text);
    }
    const command = ["pgbouncer", "--quiet", "/run/pgbouncer/pgbouncer.ini"];
    await docker.must("starting a PgBouncer", [
      "exec",
      "--detach",
      this.#name("pooler"),
      ...command,
    ]);
  }

  /** The role and its schema, in both servers; on the stack's it is dropped in the end. */
  async #prepare(): Promise<void> {
    const { docker, settings } = this.#site;
    const { name } = settings.database;
    const verifier = scramVerifier(this.#password, randomBytes(16));
    this.#undoing.add(`role and schema ${ROLE} dropped`, async () => {
      const { leader } = await this.#site.look();
      if (leader === undefined) throw new Error("no single leader");
      await this.#endSessions();
      await psql(docker, leader.name, name, dropStatements(name));
    });
    await this.#endSessions();
    for (const container of [this.members[0] ?? "", this.#name("bare")]) {
      await psql(docker, container, name, prepareStatements(name, verifier));
    }
  }

  async #endSessions(): Promise<void> {
    for (const member of this.members) {
      await psql(this.#site.docker, member, "postgres", END_SESSIONS);
    }
  }

  async #fill(target: Target | undefined): Promise<void> {
    const { host = "", port = 0, database = "" } = target ?? {};
    await this.#site.docker.must(
      "filling pgbench's tables",
      [
        ...["exec", "--env", `PGPASSFILE=${PASSWORD_FILE}`, this.load, "pgbench"],
        ...["--host", host, "--port", String(port), "--username", ROLE, "--quiet"],
        ...["--initialize", "--scale", String(this.#options.scale), database],
      ],
      { timeoutMs: FILL_MS },
    );
  }

  async #untilReplayed(signal: AbortSignal): Promise<void> {
    const end = performance.now() + REPLAY_SECONDS * 1000;
    const leader = this.members[0] ?? "";
    const ask = async (statement: string) =>
      (await psql(this.#site.docker, leader, "postgres", statement)).trim();
    const replayed = replayedStatement(await ask(POSITION));
    while ((await ask(replayed)) !== "t") {
      if (performance.now() > end) {
        throw new Fault(`a replica has not replayed pgbench's tables within ${REPLAY_SECONDS} s`);
      }
      await wait(POLL_MS, undefined, { signal });
    }
  }

  /** Secrets travel on standard input. */
  async #write(kind: BenchContainer, path: string, text: string): Promise<void> {
    const write = ["sh", "-c", 'umask 077; cat > "$1"', "write", path];
    await this.#site.docker.must(`writing ${path}`, ["exec", "-i", this.#name(kind), ...write], {
      input: text,
      timeoutMs: ANSWER_MS,
    });
  }

  async #addressOf(kind: BenchContainer): Promise<string> {
    const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    const { stdout } = await this.#site.docker.must("asking for an address", [
      ...["inspect", "--format", format, this.#name(kind)],
    ]);
    return stdout.trim();
  }

  #name(kind: BenchContainer): string {
    return besideName(this.#beside, "bench", kind, this.#run);
  }

  #imageOf(component: string): string {
    return this.#look.boxes.find((box) => box.component === component)?.image ?? "";
  }
}
