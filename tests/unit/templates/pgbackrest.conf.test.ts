import { describe, expect, test } from "vitest";
import {
  renderNodePgbackrestConf,
  renderRepositoryPgbackrestConf,
  repositoryConfig,
} from "../../../templates/pgbackrest.conf.ts";

const node = { stanza: "dev-a", repositoryAddress: "10.77.3.63" };
const clients = Array.from({ length: 11 }, (_, index) => `postgres-${index + 1}`);
const repository = { clients: [...clients, "restore-drill"], keepFull: 2 };
const cloud = {
  endpoint: "https://10.77.3.70:7070",
  region: "us-east-1",
  bucket: "holdfast",
  path: "/holdfast/0123456789abcdef",
  pathStyle: true,
  caFile: "/etc/holdfast/secrets/cloud-ca.crt",
  keepDays: 30,
};

const authorizations = (text: string): string[] =>
  text.split("\n").filter((line) => line.startsWith("tls-server-auth="));

test("the whole file of a node", async () => {
  await expect(renderNodePgbackrestConf(node)).toMatchFileSnapshot(
    "./__snapshots__/pgbackrest-node.conf",
  );
});

test("the whole file of the repository host, with a cloud", async () => {
  await expect(renderRepositoryPgbackrestConf({ ...repository, cloud })).toMatchFileSnapshot(
    "./__snapshots__/pgbackrest-repository.conf",
  );
});

test("the other site's archive is a third repository in the same bucket, without a retention", () => {
  const text = renderRepositoryPgbackrestConf({ ...repository, cloud, otherPath: "/holdfast/x-b" });
  const third = text.split("\n").filter((line) => line.startsWith("repo3-"));
  expect(third).toEqual([
    "repo3-type=s3",
    "repo3-s3-endpoint=https://10.77.3.70:7070",
    "repo3-s3-region=us-east-1",
    "repo3-s3-bucket=holdfast",
    "repo3-s3-uri-style=path",
    "repo3-storage-ca-file=/etc/holdfast/secrets/cloud-ca.crt",
    "repo3-path=/holdfast/x-b",
    "repo3-cipher-type=aes-256-cbc",
  ]);
  expect(renderRepositoryPgbackrestConf({ ...repository, otherPath: "/x" })).not.toContain(
    "repo3-",
  );
});

test("each side lets in the other only; a node serves its own stanza alone", () => {
  expect(authorizations(renderNodePgbackrestConf(node))).toEqual(["tls-server-auth=backup=dev-a"]);
  const allowed = authorizations(renderRepositoryPgbackrestConf(repository));
  expect(allowed).toHaveLength(12);
  expect(allowed).toContain("tls-server-auth=restore-drill=*");
});

test("the repository host's file names no node to dial: one that is away would hold up every run", () => {
  expect(renderRepositoryPgbackrestConf(repository)).not.toMatch(/^pg\d+-/m);
});

test("a node archives to the local repository's own file, so that the cloud cannot hold it up", () => {
  const text = renderNodePgbackrestConf(node);
  expect(text).toContain(`repo1-host-config=${repositoryConfig("local")}\n`);
  expect(text).not.toMatch(/repo2|s3/);
});

describe("the cloud's lines", () => {
  const text = renderRepositoryPgbackrestConf({ ...repository, cloud });

  test("begin with repo2-, and without a cloud there is none", () => {
    const without = renderRepositoryPgbackrestConf(repository).split("\n");
    const added = text.split("\n").filter((line) => line !== "" && !without.includes(line));
    expect(added.length).toBeGreaterThan(9);
    for (const line of added) expect(line).toMatch(/^(# |repo2-)/);
    expect(without.join("\n")).not.toContain("\nrepo2-");
  });

  test("hold no secret: those are added where the file is used", () => {
    expect(text).not.toMatch(/cipher-pass|s3-key/);
  });

  test("say only what is so", () => {
    const { caFile: _, ...trusted } = cloud;
    const hosted = renderRepositoryPgbackrestConf({
      ...repository,
      cloud: { ...trusted, pathStyle: false },
    });
    expect(hosted).not.toMatch(/uri-style|storage-ca-file/);
    expect(hosted).toMatch(/^repo2-s3-bucket=holdfast\n# The stack's own id/m);
  });
});
