/** The files as the program hands them over: taken from the tree, not rendered by the tests again. */
import type { Settings } from "../../settings.ts";
import { record, settingsWith } from "../unit/tree/mocks.ts";
import { settings } from "./images.ts";

export interface Rendered {
  /** The text of a live file or of a file put into a container; fails when there is none. */
  readonly text: (name: string) => string;
  /** Every rendered text by name: `router-haproxy.cfg`, `postgres-1:/etc/holdfast/patroni.yml`. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Settings far from the defaults, so that every optional line is rendered. */
const unusual = settingsWith(
  {
    database: {
      name: "warehouse",
      owner: "keeper",
      replicas: 4,
      durability: "strict",
      memory: "2 GB",
      volumeSize: "100 GB",
      trustLocal: true,
      hba: ["hostnossl warehouse guest 10.9.0.0/16 reject"],
      parameters: { work_mem: "16MB", log_line_prefix: "it's %m # " },
      readLagLimit: "1 GB",
    },
    etcd: { members: 5 },
    pooler: { poolSize: 5 },
    ports: { pooler: [6432, 6433, 6434] },
    application: { instances: { min: 6, max: 9 }, workers: 1, threads: 1 },
    backup: {
      schedule: { physical: "*/10 * * * 1-5", drill: "0 */6 * * *" },
      keepFull: 9,
      keepDumps: 30,
      logical: ["public.stock", "_items"],
      seedMaxAge: "1 d",
      cloud: { provider: "builtin", bucket: "ware-house", prefix: "team/db", region: "eu-north-1" },
    },
    monitoring: { scrapeInterval: "15 s" },
    objectives: { recoveryPoint: "5 min", recoveryTime: "2 min" },
  },
  "unusual-stack-20-cha",
);

/** Both sets of settings that every validator is shown. */
export async function bothRendered(): Promise<[string, Rendered][]> {
  return [
    ["the settings of dev", await devRendered()],
    ["unusual settings", await rendered(unusual)],
  ];
}

/** The settings of `dev`, with the example of docs/extending.md. */
export async function extendedRendered(): Promise<Rendered> {
  return rendered(settingsWith({ monitoring: { extensions: "docs/examples/extension" } }));
}

/** The first of two sites, with a witness. */
export async function twoSitesRendered(): Promise<Rendered> {
  const sites = { sites: { a: {}, b: {} }, witness: { host: "h1" } };
  return rendered(settingsWith({ ...sites, backup: { cloud: { provider: "builtin" } } }));
}

/** The first of them, for what is spoilt to be refused. */
export async function devRendered(): Promise<Rendered> {
  return rendered(settings);
}

async function rendered(of: Settings): Promise<Rendered> {
  const tree = await record(of);
  const live = tree
    .ofKind("Command")
    .filter(({ inputs }) => String(inputs.create).includes(":/live "))
    .map(({ name, inputs }) => [name.replace(/^a-/, ""), String(inputs.stdin)]);
  const fixed = tree
    .ofKind("Container")
    .flatMap(({ name, inputs }) =>
      (inputs.uploads as { file: string; content: string }[])
        .filter(({ file }) => !file.startsWith("/etc/holdfast/secrets/"))
        .map(({ file, content }) => [`${name.replace(/^a-/, "")}:${file}`, content]),
    );
  const texts: Record<string, string> = Object.fromEntries([...live, ...fixed]);
  return {
    texts,
    text: (name) => {
      const text = texts[name];
      if (text === undefined) throw new Error(`no file ${name} among ${Object.keys(texts)}`);
      return text;
    },
  };
}

/** The text with one thing changed. @throws Error when it is not there to be changed */
export function spoil(text: string, what: string | RegExp, by: string): string {
  const spoilt = text.replace(what, by);
  if (spoilt === text) throw new Error(`there is no ${what} to spoil`);
  return spoilt;
}
