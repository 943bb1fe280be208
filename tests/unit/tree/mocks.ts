/**
 * The whole tree of resources without an engine: runs `Environment` under Pulumi's mocks and hands
 * back every registration as the engine would have got it.
 *
 * The mocks alone show inputs. Dependencies, protection and the other options travel beside them in
 * the request, so the mock monitor is wrapped and each request is read before it is answered.
 */
import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb.js";
import type { CloudKeys } from "../../../components/backup/cloud.ts";
import type { DnsSecrets } from "../../../components/dns/dnsSync.ts";
import { Environment } from "../../../components/environment.ts";
import type { AlertSecrets } from "../../../components/monitoring/alerting.ts";
import { parseSettings, type Settings } from "../../../settings.ts";

/** Begins every secret that the mocks make up, so that it is found wherever it turns up. */
export const SECRET_MARK = "s3cr3t";

export const STACK_ID = "0123456789abcdef";

/** One value of a resource's inputs, and where it stands: `uploads[2].content`. */
export interface Leaf {
  readonly path: string;
  readonly value: unknown;
  /** Whether it or anything around it is marked as secret. */
  readonly secret: boolean;
}

/** One resource as it was registered. Other resources are named by their labels. */
export interface Registration {
  /** Short type and logical name, e.g. `Container a-postgres-1`; unique. */
  readonly label: string;
  /** Last part of the type, e.g. `Container`. */
  readonly kind: string;
  readonly name: string;
  readonly urn: string;
  readonly custom: boolean;
  readonly parent: string | undefined;
  /** Secrets unwrapped. */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly leaves: readonly Leaf[];
  readonly dependencies: readonly string[];
  /** Input → what it is computed from. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  readonly deleteBeforeReplace: boolean;
  readonly replaceOnChanges: readonly string[];
  readonly ignoreChanges: readonly string[];
  readonly secretOutputs: readonly string[];
  readonly aliases: number;
}

/** Everything one run of the program registered. */
export interface Recording {
  readonly environment: Environment;
  /** In the order of registration. */
  readonly all: readonly Registration[];
  /** All of a kind, e.g. `Container`. */
  readonly ofKind: (kind: string) => readonly Registration[];
  /** @throws Error when there is none */
  readonly get: (label: string) => Registration;
  /** Labels of everything that a resource waits for, directly or through others. */
  readonly waitsFor: (label: string) => ReadonlySet<string>;
}

/** Settings of the stack `dev` as they are by default: Grafana too, images as upstream has them. */
export function settingsWith(config: Record<string, unknown> = {}, stack = "dev"): Settings {
  return parseSettings({ stack, project: "holdfast", config });
}

/** The settings of a cloud repository in the environment's own S3 server. */
export const BUILTIN = { backup: { cloud: { provider: "builtin" } } };

/** Two sites and a witness on one Docker host, both with running instances. */
export const TWO_SITES = {
  ...BUILTIN,
  sites: { a: {}, b: { application: "running" } },
  witness: { host: "h1" },
};

/** Two sites and a witness, each on a host of its own, where the builtin cloud is refused. */
export const THREE_HOSTS = {
  sites: { a: { host: "h1" }, b: { host: "h2" } },
  witness: { host: "h3" },
  hosts: {
    h1: { address: "192.0.2.1" },
    h2: { docker: "ssh://root@192.0.2.2", address: "192.0.2.2" },
    h3: { docker: "tcp://192.0.2.3:2375", address: "192.0.2.3" },
  },
};

/** Runs the program and waits until everything is registered. */
export async function record(
  settings: Settings,
  options: {
    preview?: boolean;
    cloudKeys?: CloudKeys;
    alertSecrets?: AlertSecrets;
    dnsSecrets?: DnsSecrets;
  } = {},
): Promise<Recording> {
  const stop = await startRecording(settings, options.preview ?? false);
  const environment = new Environment("holdfast", {
    settings,
    cloudKeys: options.cloudKeys,
    alertSecrets: options.alertSecrets,
    dnsSecrets: options.dnsSecrets,
  });
  return { environment, ...(await stop()) };
}

/** Puts the recorder in the engine's place. */
export async function startRecording(
  settings: Pick<Settings, "project" | "stack">,
  preview: boolean,
): Promise<() => Promise<Omit<Recording, "environment">>> {
  const secretOutputs = new Map<string, readonly string[]>();
  const mocks: pulumi.runtime.Mocks = {
    call: () => ({}),
    newResource: (args) => {
      const answer = answerTo(args, settings);
      if (preview && args.custom) return { id: undefined, state: {} };
      const state = { ...answer.state };
      // The engine marks these by itself, the mocks do not.
      for (const output of secretOutputs.get(`${args.type} ${args.name}`) ?? []) {
        if (output in state) state[output] = pulumi.secret(state[output]);
      }
      return { id: answer.id, state };
    },
  };
  // Pulumi takes stack traces for each of its promises; with sources mapped they are 4/5 of the time.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  await pulumi.runtime.setMocks(mocks, settings.project, settings.stack, preview);
  const requests: RegisterResourceRequest[] = [];
  wrapMonitor((request) => {
    requests.push(request);
    const marked = request.getAdditionalsecretoutputsList();
    secretOutputs.set(`${request.getType()} ${request.getName()}`, marked);
  });
  return async () => {
    await pulumi.runtime.disconnect();
    Error.stackTraceLimit = stackTraceLimit;
    return read(requests, settings);
  };
}

type Register = (request: RegisterResourceRequest, ...rest: unknown[]) => unknown;

function wrapMonitor(see: (request: RegisterResourceRequest) => void): void {
  const monitor = pulumi.runtime.getMonitor() as unknown as { registerResource: Register };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, ...rest) => {
    see(request);
    return register(request, ...rest);
  };
}

/** What the provider would answer, with the names that autonaming in Pulumi.yaml gives. */
function answerTo(
  { type, name, inputs, custom }: pulumi.runtime.MockResourceArgs,
  { project, stack }: Pick<Settings, "project" | "stack">,
): { id: string | undefined; state: Record<string, unknown> } {
  if (!custom) return { id: undefined, state: inputs };
  const physical = `${project}-${stack}-${name}`;
  switch (kindOf(type)) {
    case "RandomPassword": {
      const word = name.replaceAll("-", "");
      return { id: "none", state: { ...inputs, result: `${SECRET_MARK}${word}`, bcryptHash: "" } };
    }
    case "RandomId":
      return { id: "ASNFZ4mrze8", state: { ...inputs, hex: STACK_ID } };
    case "Volume":
    case "Network":
      return { id: physical, state: { ...inputs, name: physical } };
    case "Container":
      return { id: `id-${physical}`, state: { ...inputs, name: physical } };
    case "RemoteImage":
      return { id: `sha256:${name}`, state: { ...inputs, imageId: `sha256:${name}` } };
    case "Command": {
      const pair = { key: `${SECRET_MARK}key${name}`, crt: `certificate of ${name}` };
      const issues = String(inputs.create).includes("holdfast-ca-");
      return { id: name, state: { ...inputs, stdout: issues ? JSON.stringify(pair) : "" } };
    }
    default:
      return { id: physical, state: inputs };
  }
}

function read(
  requests: readonly RegisterResourceRequest[],
  { project, stack }: Pick<Settings, "project" | "stack">,
): Omit<Recording, "environment"> {
  // The mocks write only the immediate parent's type into a URN; the real one names the whole chain.
  const mockUrn = (request: RegisterResourceRequest): string => {
    const above = typesOf(request.getParent()).split("$").pop();
    const types = above ? `${above}$${request.getType()}` : request.getType();
    return `urn:pulumi:${stack}::${project}::${types}::${request.getName()}`;
  };
  const byUrn = new Map(requests.map((request) => [mockUrn(request), request]));
  const labelOf = (urn: string): string => {
    const request = byUrn.get(urn);
    if (request === undefined) throw new Error(`a resource nobody registered: ${urn}`);
    return `${kindOf(request.getType())} ${request.getName()}`;
  };
  const typeChain = (request: RegisterResourceRequest): string => {
    const parent = byUrn.get(request.getParent());
    return parent === undefined ? request.getType() : `${typeChain(parent)}$${request.getType()}`;
  };
  const all = requests.map((request): Registration => {
    const raw = (request.getObject()?.toJavaScript() ?? {}) as Record<string, unknown>;
    const properties: Record<string, readonly string[]> = {};
    request.getPropertydependenciesMap().forEach((entry, key) => {
      properties[key] = entry.getUrnsList().map(labelOf);
    });
    return {
      label: labelOf(mockUrn(request)),
      kind: kindOf(request.getType()),
      name: request.getName(),
      urn: `urn:pulumi:${stack}::${project}::${typeChain(request)}::${request.getName()}`,
      custom: request.getCustom(),
      parent: request.getParent() === "" ? undefined : labelOf(request.getParent()),
      inputs: unwrap(raw) as Record<string, unknown>,
      leaves: leavesOf(raw, "", false),
      dependencies: request.getDependenciesList().map(labelOf),
      propertyDependencies: properties,
      protect: request.getProtect() ?? false,
      retainOnDelete: request.getRetainondelete() ?? false,
      deleteBeforeReplace: request.getDeletebeforereplace(),
      replaceOnChanges: request.getReplaceonchangesList(),
      ignoreChanges: request.getIgnorechangesList(),
      secretOutputs: request.getAdditionalsecretoutputsList(),
      aliases: request.getAliasesList().length + request.getAliasurnsList().length,
    };
  });
  failOnDoubles(all.map(({ urn }) => urn));
  const byLabel = new Map(all.map((resource) => [resource.label, resource]));
  const get = (label: string): Registration => {
    const found = byLabel.get(label);
    if (found === undefined) throw new Error(`no resource ${label}`);
    return found;
  };
  const waitsFor = (label: string, seen = new Set<string>()): ReadonlySet<string> => {
    for (const next of get(label).dependencies) {
      if (!seen.has(next)) waitsFor(next, seen.add(next));
    }
    return seen;
  };
  return {
    all,
    ofKind: (kind) => all.filter((resource) => resource.kind === kind),
    get,
    waitsFor: (label) => waitsFor(label),
  };
}

/** The engine refuses them; the mocks do not. */
function failOnDoubles(urns: readonly string[]): void {
  const doubles = urns.filter((urn, index) => urns.indexOf(urn) !== index);
  if (doubles.length > 0) throw new Error(`registered twice: ${doubles.join(", ")}`);
}

function kindOf(type: string): string {
  return type.split(":").pop() ?? type;
}

/** The type part of a URN, `parent$child`; empty for none. */
function typesOf(urn: string): string {
  return urn.split("::")[2] ?? "";
}

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

type Tree = Record<string, unknown>;

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unwrap(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrap);
  if (!isTree(value)) return value;
  if (value[SIGNATURE] === SECRET) return unwrap(value.value);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, unwrap(entry)]));
}

function leavesOf(value: unknown, path: string, secret: boolean): Leaf[] {
  if (Array.isArray(value)) {
    return value.flatMap((entry, index) => leavesOf(entry, `${path}[${index}]`, secret));
  }
  if (!isTree(value)) return [{ path, value, secret }];
  if (value[SIGNATURE] === SECRET) return leavesOf(value.value, path, true);
  return Object.entries(value).flatMap(([key, entry]) =>
    leavesOf(entry, path === "" ? key : `${path}.${key}`, secret),
  );
}
