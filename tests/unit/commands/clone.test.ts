import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { Docker } from "../../../commands/docker.ts";
import type { BackupAccess } from "../../../commands/restore/cloneAccess.ts";
import { lastNumber, sending } from "../../../commands/restore/cloneCopy.ts";
import { cloneConflicts, clonedStackFile } from "../../../commands/restore/cloneSettings.ts";
import { sourceAt } from "../../../commands/restore/cloneSource.ts";
import type { Tree } from "../../../settings/tree.ts";
import { parseSettings } from "../../../settings.ts";

const SOURCE = `# ours
encryptionsalt: v1:a:v1:b:c
config:
  holdfast:database:
    replicas: 2 # and the leader
    maxConnections: 200
  holdfast:ports:
    app: 9000
  holdfast:dns:
    zone: example.org
  holdfast:sites:
    a:
      host: h1
      subnet: 10.1.2.0/24
  holdfast:cloudKeyId:
    secure: v1:abc
`;

describe("the settings of a clone", () => {
  const text = clonedStackFile(SOURCE);

  test("are the source's but for what only one stack can have", () => {
    expect(parse(text)).toEqual({
      config: {
        "holdfast:database": { replicas: 2, maxConnections: 200 },
        "holdfast:sites": { a: { host: "h1" } },
      },
    });
  });

  test("keep their comments", () => {
    expect(text).toMatch(/^# ours\n/);
    expect(text).toContain("# and the leader");
  });

  test("of a source without a file are none", () => {
    expect(clonedStackFile("")).toBe("");
  });
});

describe("a clone", () => {
  const clone = (config: Tree) => parseSettings({ stack: "copy", project: "holdfast", config });
  const source = { database: { name: "shop", owner: "shop", maxConnections: 200 } };

  test("with the source's names and as many connections fits", () => {
    expect(cloneConflicts(source, clone({ database: { maxConnections: 200 } }))).toEqual([]);
  });

  test("with another database, or too few connections, is refused with the mending line", () => {
    const other = clone({ database: { name: "store", maxConnections: 120 } });
    const lines = cloneConflicts(source, other).flat();
    expect(lines[0]).toBe("database.name = store: in the backups it is shop");
    expect(lines[1]).toContain("pulumi config set --path database.name shop --stack copy");
    expect(lines[2]).toMatch(/^database\.maxConnections = 120: WAL written with 200/);
  });

  test("of a source of which nothing is known is not refused", () => {
    expect(cloneConflicts({}, clone({}))).toEqual([]);
  });
});

test("figures of du and df are read from their last line", () => {
  expect(lastNumber("120\t/a\n80\t/b\n200\ttotal\n")).toBe(200);
  expect(lastNumber("Avail\n 5120\n")).toBe(5120);
  expect(lastNumber("")).toBe(0);
});

describe("what sends a repository", () => {
  /** Its exit code where tar ends with this one. */
  const code = (tar: number): number => {
    try {
      execFileSync("sh", ["-c", `tar() { return ${tar}; }\n${sending("shop-a")}`]);
      return 0;
    } catch (error) {
      return (error as { status: number }).status;
    }
  };

  test("takes a segment that came or went meanwhile for no failure, and others for one", () => {
    expect([code(0), code(1), code(2)]).toEqual([0, 0, 1]);
  });

  test("takes this cluster's part alone, and nothing half written", () => {
    expect(sending("shop-a")).toContain(
      "--exclude '*.pgbackrest.tmp' 'archive/shop-a' 'backup/shop-a'",
    );
  });
});

describe("what a clone begins with", () => {
  const settings = parseSettings({
    stack: "lab",
    project: "holdfast",
    config: { sites: { a: {}, b: {} }, backup: { cloud: { provider: "builtin" } } },
  });
  const first: BackupAccess = {
    ...{ stanza: "lab-a", path: "/holdfast/0123", endpoint: "https://10.0.0.70:7070" },
    ...{ region: "r", bucket: "b", pathStyle: true, keyId: "k", keySecret: "s" },
    ...{ cipherPass: "p", caCertificate: "" },
  };
  const at = (site: string, repository: "local" | "cloud") => {
    const docker = new Docker("unix:///run/docker.sock");
    const local = { docker, container: `holdfast-lab-${site}-backup` };
    return sourceAt({ settings, stackFile: "", repository, access: first, site, local });
  };

  test("is the first site's while that takes writes", () => {
    expect(at("a", "cloud")).toMatchObject({ stanza: "lab-a", access: first });
  });

  test("is the other one's after a failover, in the cloud", () => {
    const { stanza, access, network } = at("b", "cloud");
    expect(stanza).toBe("lab-b");
    expect(access).toEqual({ ...first, stanza: "lab-b", path: "/holdfast/0123-b" });
    // The S3 server has not moved.
    expect(network).toBe("holdfast-lab-a-network");
  });

  test("is never one site's container with the other one's stanza", () => {
    expect(at("b", "local")).toMatchObject({
      stanza: "lab-b",
      local: { container: "holdfast-lab-b-backup" },
    });
  });
});
