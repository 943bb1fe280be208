import { Docker } from "../../../../commands/docker.ts";
import type { Box } from "../../../../commands/drills/boxes.ts";
import type { OwnStatus, Statuses } from "../../../../commands/drills/probe.ts";
import { emptyRecord } from "../../../../commands/drills/result.ts";
import type { Firing } from "../../../../commands/drills/scene.ts";
import { judge, type Look } from "../../../../commands/drills/site.ts";
import type { Stage, StoppableLoad } from "../../../../commands/drills/stage.ts";
import type {
  LedgerRow,
  LoadRecord,
  OrderRow,
  WriteCall,
} from "../../../../commands/drills/types.ts";
import { parseSettings, type Settings } from "../../../../settings.ts";

export const settings: Settings = parseSettings({ stack: "lab", project: "holdfast", config: {} });

/** A container that runs and is healthy, unless told otherwise. */
export function box(alias: string, change: Partial<Box> = {}): Box {
  const [, component = alias, number] = /^(.*?)(?:-(\d+))?$/.exec(alias) ?? [];
  return {
    id: `id-of-${alias}`,
    name: `holdfast-lab-a-${alias}`,
    stackId: "0123456789abcdef",
    alias,
    component,
    instance: Number(number ?? 0),
    image: `holdfast/${component}:1`,
    status: "running",
    health: "healthy",
    pid: 4242,
    startedAt: "2026-11-25T09:00:00Z",
    networks: { "holdfast-lab-a-network": "10.80.1.11" },
    volumes: [],
    ...change,
  };
}

/** All that full redundancy asks for. */
export function allBoxes(): Box[] {
  const names = [
    ...["etcd-1", "etcd-2", "etcd-3", "postgres-1", "postgres-2", "postgres-3"],
    ...["pooler-1", "pooler-2", "router", "edge", "app-1", "app-2", "backup"],
  ];
  return names.map((name) => box(name));
}

export const leading: OwnStatus = {
  state: "running",
  role: "primary",
  timeline: 3,
  xlog: { location: 1000 },
  etcdSilentSeconds: 0.5,
  replication: ["postgres-2", "postgres-3"].map((name) => ({
    application_name: name,
    state: "streaming",
    sync_state: "quorum",
  })),
};

export const following: OwnStatus = {
  state: "running",
  role: "replica",
  replication_state: "streaming",
  timeline: 3,
  xlog: { replayed_location: 1000 },
  etcdSilentSeconds: 0.5,
};

export const members: Statuses = {
  "postgres-1": leading,
  "postgres-2": following,
  "postgres-3": following,
};

export function look(boxes: readonly Box[] = allBoxes(), statuses: Statuses = members): Look {
  return judge(settings, boxes, statuses);
}

export function write(
  client: number,
  sequence: number,
  change: Partial<WriteCall> = {},
): WriteCall {
  const begin = 100 + sequence;
  return {
    client,
    sequence,
    begin,
    end: begin + 0.01,
    outcome: "acknowledged",
    timeline: 3,
    server: "10.80.1.11",
    ...change,
  };
}

/** Two clients' writes, one a second. */
export function record(change: Partial<LoadRecord> = {}): LoadRecord {
  const writes = [1, 2, 3, 4].flatMap((sequence) => [write(1, sequence), write(2, sequence)]);
  return { ...emptyRecord, begin: 101, end: 104.01, writes, ...change };
}

export function rowsOf(from: LoadRecord): LedgerRow[] {
  return from.writes.map(({ client, sequence }) => ({ client, sequence }));
}

/** A stage that writes down in which order it was used; time passes only by sleeping. */
export class FakeStage implements Stage {
  readonly docker = new Docker("unix:///nowhere");
  readonly settings = settings;
  readonly log: string[] = [];
  /** When each mark was made, by the load's clock. */
  readonly marks = new Map<string, number>();
  loaded: LoadRecord = record();
  looks: () => Look = () => look();
  rowsAt: (container: string) => LedgerRow[] = () => rowsOf(this.loaded);
  ordersAt: (container: string) => OrderRow[] = () => [];
  writesAgain: number | undefined = 103;
  /** Called at each sleep, with the seconds. */
  onSleep: (seconds: number) => void = () => undefined;
  #now = 0;

  now = () => this.#now;
  say = () => undefined;
  conditions = () => "a quiet machine";
  hold: number | undefined;
  alerts = async (): Promise<Firing[]> => [{ name: "PostgresDown" }];
  look = async () => this.looks();
  turnTo = (site: string) => void this.log.push(`turn to ${site}`);

  rows = async (container: string) => {
    this.log.push(`rows ${container}`);
    return this.rowsAt(container);
  };

  orders = async (container: string) => {
    this.log.push(`orders ${container}`);
    return this.ordersAt(container);
  };

  forgetOrders = async (run: string) => {
    this.log.push(`forget ${run}`);
  };

  sleep = async (seconds: number, signal?: AbortSignal) => {
    this.#now += seconds;
    this.onSleep(seconds);
    signal?.throwIfAborted();
  };

  startLoad = async (): Promise<StoppableLoad> => {
    this.log.push("load");
    return {
      run: "abcd",
      container: "load",
      mark: async (text) => {
        this.log.push(`mark ${text}`);
        this.marks.set(text, 100 + this.#now);
        return 100 + this.#now;
      },
      writesAgain: async () => this.writesAgain,
      stop: async () => {
        this.log.push("stop");
        return this.loaded;
      },
      record: () => this.loaded,
      kill: async () => {
        this.log.push("kill");
      },
    };
  };
}
