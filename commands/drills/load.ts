import { randomBytes } from "node:crypto";
import { imagesOf } from "../../components/images.ts";
import type { Settings } from "../../settings.ts";
import { besideArguments, besideName } from "../cluster/beside.ts";
import type { Docker } from "../docker.ts";
import { Fault } from "../fault.ts";
import { databaseUrlOf } from "./databaseUrl.ts";
import { dropLedger, prepareLedger, readLedger } from "./ledgerTable.ts";
import { LoadProcess } from "./loadProcess.ts";
import { loadHosts, loadUrls } from "./loadUrls.ts";
import { isConfirmed, takesNoOrders } from "./orders.ts";
import type { PublicPlace } from "./publicLoad.ts";
import { Recorder } from "./record.ts";
import type { LedgerRow, LoadRecord } from "./types.ts";

export interface LoadOptions {
  /** Connections that write, each one transaction at a time. @default 50 */
  readonly writers: number;
  /** All of them together, evenly paced. @default 250 */
  readonly writesPerSecond: number;
  /** Connections to the read pool. @default 10 */
  readonly readers: number;
  /** @default 50 */
  readonly readsPerSecond: number;
  /** Visitors of the shop, through the edge. @default 4 */
  readonly pages: number;
  /** @default 10 */
  readonly pagesPerSecond: number;
  /** Customers of the shop, through the edge; each tries an order until it is confirmed. @default 2 */
  readonly orders: number;
  /** @default 2 */
  readonly ordersPerSecond: number;
  /** A call of any kind that lasts longer is given up and counts as hung. @default the worker's timeout */
  readonly callTimeoutSeconds: number;
}

/** Where a load runs. */
export interface LoadPlace {
  readonly docker: Docker;
  readonly settings: Settings;
  /** The site's name, e.g. `a`. */
  readonly site: string;
  /** Label `holdfast.id` of the stack's containers. */
  readonly stackId: string;
  /** Container name of the present leader. */
  readonly leader: () => Promise<string>;
  /** The stack's output of this name. @default asked for, once in this process */
  readonly databaseUrl?: string;
  /** Its clients find the active site by the public names. @default they know the site's own containers */
  readonly names?: PublicPlace;
  /**
   * The load does not count as the stack's: an `up`, which removes containers that its state lacks, leaves
   * it alone. Whoever starts it removes it. @default false
   */
  readonly apart?: boolean;
}

/** How long the first write, read and page may take together. */
const READY_SECONDS = 30;
/** A mark comes back at once; later than this the load is not there any more. */
const MARK_SECONDS = 5;
/** Beyond the longest call: for the way from the container to here. */
const STOP_RESERVE_SECONDS = 2;
/** Measured: 40 MiB with 50 writers. */
const MEMORY_MIB = 128;

/** The drill's load on one site: a container that writes, reads and visits, and the record of what became of it. */
export class Load {
  /** Name of this load in the ledger: its rows alone are its own. */
  readonly run: string;
  /** Docker's name of its container. */
  readonly container: string;
  readonly #options: LoadOptions;
  readonly #settings: Settings;
  readonly #docker: Docker;
  readonly #process: LoadProcess;
  readonly #recorder: Recorder;

  private constructor(place: LoadPlace, run: string, options: LoadOptions, process: LoadProcess) {
    this.run = run;
    this.container = process.container;
    this.#options = options;
    this.#settings = place.settings;
    this.#docker = place.docker;
    this.#process = process;
    this.#recorder = process.recorder;
  }

  /**
   * Prepares the ledger's table and starts the load container; resolves when the first writes,
   * reads and pages were answered.
   *
   * @throws Fault when the image is not there, or not each kind was answered within 30 s
   */
  static async start(place: LoadPlace, options: Partial<LoadOptions> = {}): Promise<Load> {
    const { docker, settings } = place;
    const image = imagesOf(settings).find(({ name }) => name === "drill")?.reference ?? "";
    if (!(await docker.hasImage(image))) {
      throw new Fault(`the image ${image} is not on the Docker host`, "./holdfast setup");
    }
    const databaseUrl = place.databaseUrl ?? (await databaseUrlOf(settings.stack));
    await prepareLedger(docker, await place.leader(), settings);
    const run = randomBytes(4).toString("hex");
    const wanted = { ...defaultOptions(settings), ...options };
    const process = new LoadProcess(docker, {
      container: besideName(place, "drill", run),
      arguments: containerArguments(place, run, image),
      order: JSON.stringify({
        run,
        ...(place.names?.urls(databaseUrl) ?? loadUrls(databaseUrl, settings.ports.pooler.length)),
        ...wanted,
      }),
      recorder: new Recorder(),
    });
    const load = new Load(place, run, wanted, process);
    try {
      await place.names?.join(process.container);
      await load.#ready();
    } catch (error) {
      await load.kill();
      throw error;
    }
    return load;
  }

  /** Removes the ledger with the rows of every run. */
  static async clean({ docker, settings, leader }: LoadPlace): Promise<void> {
    await dropLedger(docker, await leader(), settings);
  }

  /** Writes a mark with the load's own clock, and returns that time. @throws Fault when the load is gone */
  async mark(text: string): Promise<number> {
    const shown = text.replaceAll(/\s+/g, " ").trim();
    const marked = this.#process.until(MARK_SECONDS, (entry) =>
      entry.kind === "mark" && entry.mark.text === shown ? entry.mark.at : undefined,
    );
    this.#process.say(`mark ${shown}`);
    const at = await marked;
    if (at === undefined) {
      throw this.#process.gone(`the load did not note the mark "${shown}"`);
    }
    return at;
  }

  /**
   * Resolves once a write that began after `since` was acknowledged.
   *
   * @param since by the load's clock
   * @returns its end, by the same clock; undefined when there was none within `seconds`, or the load ended
   */
  async writesAgain(since: number, seconds: number): Promise<number | undefined> {
    const isIt = ({ outcome, begin }: { outcome: string; begin: number }) =>
      outcome === "acknowledged" && begin > since;
    // Calls end in the order of their lines, so the first that fits is the earliest.
    const already = this.#recorder.writes.find(isIt);
    return (
      already?.end ??
      this.#process.until(seconds, (entry) =>
        entry.kind === "write" && isIt(entry.call) ? entry.call.end : undefined,
      )
    );
  }

  /**
   * Lets every call end (bounded by callTimeoutSeconds + 2) and returns the record.
   *
   * @throws Fault when the load did not end in order: what it did last is not known then
   */
  async stop(): Promise<LoadRecord> {
    this.#process.say("stop");
    const ended = await this.#process.end(this.#options.callTimeoutSeconds + STOP_RESERVE_SECONDS);
    if (!ended || !this.#recorder.ended) {
      const fault = this.#process.gone("the load did not end in order");
      await this.kill();
      throw fault;
    }
    return this.#recorder.record();
  }

  /** Everything so far, while it runs or after it was killed. */
  record(): LoadRecord {
    return this.#recorder.record();
  }

  /** This load's rows that one member has, ordered by id. */
  rows(container: string): Promise<LedgerRow[]> {
    return rowsOf(this.#docker, container, this.run, this.#settings.database.name);
  }

  /** Kills the container and forgets it; never throws. For the runner's finally. */
  async kill(): Promise<void> {
    await this.#process.kill();
  }

  async #ready(): Promise<void> {
    const { writers, readers, pages, orders } = this.#options;
    const wanted = new Set<string>();
    if (writers > 0) wanted.add("write");
    if (readers > 0) wanted.add("read");
    if (pages > 0) wanted.add("page");
    if (orders > 0) wanted.add("order");
    let failure = "";
    const at = await this.#process.until(READY_SECONDS, (entry) => {
      if (entry.kind === "order") {
        const { call } = entry;
        if (isConfirmed(call) || takesNoOrders(call)) wanted.delete("order");
        return wanted.size === 0 ? call.end : undefined;
      }
      if (entry.kind === "write" || entry.kind === "read" || entry.kind === "page") {
        const { call } = entry;
        const well = "ok" in call ? call.ok : call.outcome === "acknowledged";
        failure = call.error ?? failure;
        if (well) wanted.delete(entry.kind);
        return wanted.size === 0 ? call.end : undefined;
      }
      return undefined;
    });
    if (at === undefined) {
      const what = `the load got no ${[...wanted].join(", no ")} answered within ${READY_SECONDS} s`;
      throw this.#process.gone(failure === "" ? what : `${what}: ${failure}`);
    }
    this.#recorder.ready(at);
  }
}

/**
 * The rows of a run that one member has, ordered by id. Superuser psql over the member's socket.
 *
 * @param database `settings.database.name`
 * @throws Fault with psql's words
 */
export function rowsOf(
  docker: Docker,
  container: string,
  run: string,
  database: string,
): Promise<LedgerRow[]> {
  return readLedger(docker, container, run, database);
}

/** The load that a drill makes unless it is told another one. Pure. */
export function defaultOptions({ timings }: Pick<Settings, "timings">): LoadOptions {
  return {
    writers: 50,
    writesPerSecond: 250,
    readers: 10,
    readsPerSecond: 50,
    pages: 4,
    pagesPerSecond: 10,
    orders: 2,
    ordersPerSecond: 2,
    callTimeoutSeconds: timings.workerTimeoutSeconds,
  };
}

/** Arguments of `docker run`. Pure. */
export function containerArguments(
  place: Pick<LoadPlace, "settings" | "site" | "stackId" | "apart" | "names">,
  run: string,
  image: string,
): string[] {
  const { settings, site, names } = place;
  const subnet = settings.sites[site]?.subnet ?? "";
  return [
    ...besideArguments(place, "drill", run),
    ...["--network-alias", "drill"],
    ...(names?.arguments ?? loadHosts(subnet).map(({ host, ip }) => `--add-host=${host}:${ip}`)),
    ...[`--memory=${MEMORY_MIB}m`, `--memory-swap=${MEMORY_MIB}m`],
    ...["--cap-drop=ALL", "--security-opt=no-new-privileges:true", "--read-only"],
    image,
  ];
}
