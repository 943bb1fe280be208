/**
 * A program: the drills' load on one stack until standard input ends, and then what became of every
 * call, as one line of JSON. ledger.ts runs it from the test's own copy of the folder, whose state and
 * passphrase are that stack's.
 */
import { once } from "node:events";
import { lengthOf, writeGap } from "../../commands/drills/gaps.ts";
import { checkLedger } from "../../commands/drills/ledger.ts";
import { Load } from "../../commands/drills/load.ts";
import { realStage } from "../../commands/drills/realStage.ts";
import { Site } from "../../commands/drills/site.ts";
import { readRows } from "../../commands/drills/stage.ts";
import { loadStack } from "../../commands/stack.ts";
import type { Account } from "./ledger.ts";

const site = new Site(loadStack(process.argv[2] ?? "").settings);
const { docker, settings, name } = site;

async function leader() {
  const look = await site.look();
  if (look.leader === undefined) throw new Error("no single leader");
  return look.leader;
}

const { stackId } = await leader();
const place = { docker, settings, site: name, stackId, leader: async () => (await leader()).name };
const load = await Load.start({ ...place, apart: true });
try {
  process.stdout.write("loaded\n");
  process.stdin.resume();
  await once(process.stdin, "end");
  const record = await load.stop();
  const { writes, reads, pages } = record;
  const rows = await readRows(realStage(site), load.run, new AbortController().signal);
  const verdicts = rows.map(([member, own]) => checkLedger(writes, member, own));
  const count = (outcome: string) => writes.filter((write) => write.outcome === outcome).length;
  const failed = [...reads, ...pages].filter(({ ok }) => !ok);
  const bad = [...writes.filter(({ outcome }) => outcome !== "acknowledged"), ...failed];
  const account: Account = {
    acknowledged: count("acknowledged"),
    rejected: count("rejected"),
    unknown: count("unknown"),
    verdicts: verdicts.map(({ member, lost, duplicated, phantom, reordered }) => ({
      member,
      wrong: [lost, duplicated, phantom, reordered].flat().length,
    })),
    reads: reads.length + pages.length,
    failedReads: failed.length,
    longestGapSeconds: lengthOf(writeGap(record)),
    errors: [...new Set(bad.map(({ error }) => error ?? ""))].slice(0, 5),
  };
  process.stdout.write(`${JSON.stringify(account)}\n`);
} finally {
  await load.kill();
}
process.exit();
