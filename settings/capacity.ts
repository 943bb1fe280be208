/** Whether what is asked for fits into what is given: instances, memory, connections. Pure. */
import { isShop } from "./application.ts";
import type { Fault } from "./faults.ts";
import type { Parsed } from "./schema.ts";
import type { Path } from "./tree.ts";
import { formatSize } from "./units.ts";

/** Whether someone set this key: of two that contradict, the one that was set is blamed. */
export type Given = (path: Path) => boolean;

/** Every demand that its limit does not carry. */
export function overloads(settings: Parsed, given: Given): Fault[] {
  return [
    instances(settings, given),
    clients(settings),
    databaseMemory(settings, given),
    applicationMemory(settings),
    connections(settings, given),
  ].filter((fault) => fault !== undefined);
}

const minPath = ["application", "instances", "min"];
const maxPath = ["application", "instances", "max"];
const connectionsPath = ["database", "maxConnections"];
const memoryPath = ["database", "memory"];
const poolPath = ["pooler", "poolSize"];

function instances({ application }: Parsed, given: Given): Fault | undefined {
  const { min, max } = application.instances;
  if (min <= max) return undefined;
  if (given(maxPath) && !given(minPath)) {
    return {
      path: maxPath,
      problem: `smaller than application.instances.min = ${min}`,
      mend: { set: { path: maxPath, value: min } },
      involves: [minPath],
    };
  }
  return {
    path: minPath,
    problem: `larger than application.instances.max = ${max}`,
    mend: { set: { path: minPath, value: max } },
    involves: [maxPath],
  };
}

/** Each thread holds a connection per alias (default, replica), and one pooler may have to do. */
function clients({ application, pooler }: Parsed): Fault | undefined {
  const { instances, workers, threads } = application;
  const wanted = instances.max * workers * threads * 2;
  if (wanted <= pooler.maxClients) return undefined;
  const path = ["pooler", "maxClients"];
  const sum = `instances.max ${instances.max} x workers ${workers} x threads ${threads} x 2 = ${wanted}`;
  return {
    path,
    problem: `fewer than the application may open (${sum}); one pooler must carry all of them`,
    mend: { set: { path, value: wanted } },
    involves: [maxPath, ["application", "workers"], ["application", "threads"]],
  };
}

/** For Patroni, WAL buffers, the archiver and the exporters' queries. */
const fixedMemoryMiB = 64;
/** A backend at work: its heap and catalog caches. Sorts come on top, for few of them at once. */
const connectionMemoryMiB = 1.5;

/** A quarter of the memory is shared_buffers; connections must fit into the rest. */
function databaseMemory({ database }: Parsed, given: Given): Fault | undefined {
  const { memory, maxConnections } = database;
  const carries = Math.floor((memory * 0.75 - fixedMemoryMiB) / connectionMemoryMiB);
  if (maxConnections <= carries) return undefined;
  const why = `a quarter is shared_buffers, ${fixedMemoryMiB} MB are for the rest, ${connectionMemoryMiB} MB for each`;
  if (given(memoryPath) && !given(connectionsPath)) {
    const needs = (maxConnections * connectionMemoryMiB + fixedMemoryMiB) / 0.75;
    return {
      path: memoryPath,
      problem: `carries ${carries} connections (${why}), database.maxConnections asks for ${maxConnections}`,
      mend: { set: { path: memoryPath, value: formatSize(roundUp(needs, 64)) } },
      involves: [connectionsPath],
    };
  }
  return {
    path: connectionsPath,
    problem: `database.memory = ${formatSize(memory)} carries ${carries} (${why})`,
    mend: { set: { path: connectionsPath, value: carries } },
    involves: [memoryPath],
  };
}

/** A Django worker of the shop with its threads; gunicorn's own process takes about as much as one more. */
const workerMemoryMiB = 90;

function applicationMemory({ application }: Parsed): Fault | undefined {
  const { workers, memory } = application;
  if (!isShop(application)) return undefined; // what another one needs, only its user knows
  const wanted = workerMemoryMiB * (workers + 1);
  if (wanted <= memory) return undefined;
  const path = ["application", "memory"];
  return {
    path,
    problem: `application.workers = ${workers} need ${wanted} MB (${workerMemoryMiB} MB each, and as much for gunicorn itself)`,
    mend: { set: { path, value: formatSize(roundUp(wanted, 64)) } },
    involves: [["application", "workers"]],
  };
}

/** Replication, Patroni, backups, exporters, auth_query and the superuser's reserve. */
const ownConnections = 30;

/** Reads go to the leader too while no replica serves them: it must bear both pools of each pooler. */
function connections({ database, pooler, ports }: Parsed, given: Given): Fault | undefined {
  const poolers = ports.pooler.length;
  const { maxConnections } = database;
  const wanted = poolers * 2 * pooler.poolSize + ownConnections;
  if (wanted <= maxConnections) return undefined;
  const sum = `poolers ${poolers} x pools 2 x poolSize ${pooler.poolSize} + ${ownConnections} of Holdfast's own = ${wanted}`;
  const involves = [poolPath, connectionsPath, ["ports", "pooler"]];
  if (given(connectionsPath) && !given(poolPath)) {
    return {
      path: connectionsPath,
      problem: `fewer than the poolers may open (${sum})`,
      mend: { set: { path: connectionsPath, value: wanted } },
      involves,
    };
  }
  const fits = Math.floor((maxConnections - ownConnections) / (2 * poolers));
  return {
    path: poolPath,
    problem: `opens more connections than database.maxConnections = ${maxConnections} (${sum})`,
    mend: { set: { path: poolPath, value: fits } },
    involves,
  };
}

function roundUp(amount: number, step: number): number {
  return Math.ceil(amount / step) * step;
}
