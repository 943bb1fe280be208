import { expect, test } from "vitest";
import {
  renderNodePgbackrestConf,
  renderRepositoryPgbackrestConf,
} from "../../../templates/pgbackrest.conf.ts";

const node = { stanza: "dev-a", repositoryAddress: "10.77.3.63" };
const repository = {
  stanza: "dev-a",
  nodes: Array.from({ length: 11 }, (_, index) => `postgres-${index + 1}`),
  keepFull: 2,
};

test("the whole file of a node", async () => {
  await expect(renderNodePgbackrestConf(node)).toMatchFileSnapshot(
    "./__snapshots__/pgbackrest-node.conf",
  );
});

test("the whole file of the repository host", async () => {
  await expect(renderRepositoryPgbackrestConf(repository)).toMatchFileSnapshot(
    "./__snapshots__/pgbackrest-repository.conf",
  );
});

test("each side lets in the other only, and for this stanza only", () => {
  const authorizations = (text: string): string[] =>
    text.split("\n").filter((line) => line.startsWith("tls-server-auth="));
  expect(authorizations(renderNodePgbackrestConf(node))).toEqual(["tls-server-auth=backup=dev-a"]);
  expect(authorizations(renderRepositoryPgbackrestConf(repository))).toHaveLength(11);
});

test("the repository host's file names no node to dial: one that is away would hold up every run", () => {
  expect(renderRepositoryPgbackrestConf(repository)).not.toMatch(/^pg\d+-/m);
});

test("the queue has a bound of one's choice", () => {
  expect(renderNodePgbackrestConf({ ...node, archiveQueueMiB: 512 })).toContain(
    "archive-push-queue-max=512MiB\n",
  );
});
