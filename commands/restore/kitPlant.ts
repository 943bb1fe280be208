import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { isTree, type Tree } from "../../settings/tree.ts";
import { isSharedBackend } from "../engine/backend.ts";
import { readLocalState } from "../engine/state.ts";
import { run } from "../exec.ts";
import { Fault } from "../fault.ts";
import { PRIVATE, privatePath, ROOT, stackFile } from "../paths.ts";
import { writeRecord } from "../setup/record.ts";
import { note } from "../ui.ts";
import type { Kit } from "./kitFile.ts";

/**
 * Puts into this folder what the engine needs to go on as the lost one: passphrase, the stack's
 * settings, and where it used to be. All is looked at before anything is written.
 *
 * @throws Fault when something else is in its place
 */
export async function plantKit(kit: Kit): Promise<void> {
  const passphrase = passphrasePlan(kit);
  const settings = await settingsPlan(kit);
  if (passphrase) {
    // "wx": what appeared meanwhile is somebody else's.
    writeFileSync(passphrase, `${kit.passphrase}\n`, { mode: 0o600, flag: "wx" });
    note("  ok   the kit's passphrase, written to .holdfast/passphrase");
  }
  if (settings) {
    writeFileSync(settings, kit.stackFile);
    note(`  ok   the kit's settings, written to Pulumi.${kit.stack}.yaml`);
  }
  const record = recordPath(kit.stack);
  if (!existsSync(record) && !isSharedBackend()) {
    writeRecord(kit.stack, addressesOf(kit.record), false);
  }
}

function recordPath(stack: string): string {
  return privatePath("stacks", `${stack}.json`);
}

/** Subnets and ports of a record: the rest is about the lost machine, and found out anew. Pure. */
export function addressesOf({ sites, ports }: Tree): Tree {
  return { ...(isTree(sites) ? { sites } : {}), ...(isTree(ports) ? { ports } : {}) };
}

/** Where to write the passphrase; undefined when the engine has it already. @throws Fault for another one */
function passphrasePlan({ passphrase, stack }: Kit): string | undefined {
  const plain = process.env.PULUMI_CONFIG_PASSPHRASE;
  if (plain !== undefined) {
    if (plain !== passphrase) {
      throw new Fault(
        "PULUMI_CONFIG_PASSPHRASE is set, and is not the kit's passphrase",
        "type: unset PULUMI_CONFIG_PASSPHRASE, and repeat",
      );
    }
    return undefined;
  }
  const own = process.env.PULUMI_CONFIG_PASSPHRASE_FILE;
  const file = own || privatePath("passphrase");
  if (!existsSync(file)) {
    return file;
  }
  if (readFileSync(file, "utf8").trimEnd() === passphrase) {
    return undefined;
  }
  throw new Fault(
    `${own ? file : ".holdfast/passphrase"} is another passphrase than the kit's: stack ${stack} cannot live beside the stacks of this folder`,
    "use a folder of its own: git clone . ../holdfast-restored && cd ../holdfast-restored",
    ...(hasStacks() || own
      ? []
      : [`or, as no stack is in this one: mv ${PRIVATE} ${PRIVATE}.before, and repeat`]),
    `or bring the data into a stack of another name: add --stack ${stack}-copy`,
  );
}

function hasStacks(): boolean {
  return existsSync(privatePath("state", ".pulumi", "stacks"));
}

/**
 * Where to write the kit's settings; undefined when they are there.
 *
 * @throws Fault when somebody changed the file here
 */
async function settingsPlan({ stack, stackFile: text }: Kit): Promise<string | undefined> {
  const file = stackFile(stack);
  if (text === "" || (existsSync(file) && sameSettings(readFileSync(file, "utf8"), text))) {
    return undefined;
  }
  // What git has unchanged is no loss: the kit's is newer, and `git diff` shows the difference.
  if (!existsSync(file) || (await isCommitted(file))) {
    return file;
  }
  throw new Fault(
    `Pulumi.${stack}.yaml is there with other settings than the kit's`,
    `to take the kit's: mv Pulumi.${stack}.yaml Pulumi.${stack}.yaml.before, and repeat`,
  );
}

/** Whether two texts of a stack file say the same; layout and comments do not count. Pure. */
export function sameSettings(a: string, b: string): boolean {
  try {
    return isDeepStrictEqual(parse(a) ?? {}, parse(b) ?? {});
  } catch {
    return a === b; // what is no YAML is at least compared
  }
}

async function isCommitted(file: string): Promise<boolean> {
  const args = ["status", "--porcelain", "--ignored", "--untracked-files=all", "--", file];
  const { code, stdout } = await run("git", args, { cwd: ROOT });
  return code === 0 && stdout.trim() === "";
}

/** @throws Fault when this folder has a state of the stack */
export function refuseExistingState(stack: string, file: string): void {
  const state = readLocalState(stack);
  if (!state || state.resources.length === 0) {
    return;
  }
  throw new Fault(
    `this folder has a state of stack ${stack}: it is not lost`,
    `to go on with it: ./holdfast up --stack ${stack}`,
    `to recover its database from a backup, in place: ./holdfast restore --stack ${stack}`,
    `to bring the kit's data into another stack: ./holdfast restore --kit ${file} --stack ${stack}-copy`,
  );
}
