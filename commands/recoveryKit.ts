import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { Encrypter } from "age-encryption";
import { isTree } from "../settings/tree.ts";
import { parseDeployment } from "./engine/state.ts";
import { type Engine, openStack } from "./engine/workspace.ts";
import { must, run } from "./exec.ts";
import { Fault } from "./fault.ts";
import { noteKit } from "./kit.ts";
import type { GlobalOptions } from "./options.ts";
import { ROOT, stackFile } from "./paths.ts";
import { accessIn } from "./restore/cloneAccess.ts";
import { readPassphrase } from "./secret.ts";
import { setUpEngine } from "./setup/engine.ts";
import { loadStack, type Stack } from "./stack.ts";
import { note, print } from "./ui.ts";

export interface RecoveryKitOptions extends GlobalOptions {
  readonly output?: string;
  readonly passphraseFile?: string;
}

const INSTRUCTIONS = [
  "This is a Holdfast recovery kit: what a new machine needs beside the backups.",
  "Read it with age (https://age-encryption.org): age --decrypt holdfast-dev-kit.age > kit.json",
  "Where the environment is lost, one command in a clone of the repository brings it back:",
  "  ./holdfast restore --kit holdfast-dev-kit.age",
  "Where its containers still run, and only the folder with the state is lost, in a clone:",
  "  1. write `passphrase` to .holdfast/passphrase (mode 0600), `stackFile` to Pulumi.<stack>.yaml,",
  "     `record` to .holdfast/stacks/<stack>.json, and `state` to state.json",
  '  2. eval "$(./holdfast env --stack <stack>)"; pulumi stack import --file state.json',
  "  3. ./holdfast up --refresh --stack <stack>",
  "Without Holdfast: `outputs`.backupAccess says where the cloud repository is and opens it. It is one",
  "of pgBackRest (repo1-type=s3, repo1-cipher-type=aes-256-cbc); dumps lie beside it in <path>/dumps,",
  "each file as `openssl enc -d -aes-256-cbc -pbkdf2 -iter 600000` reads it, with cipherPass.",
  "`passwords` holds every generated password by its resource's name, `outputs` the stack's outputs,",
  "`commit` the program's.",
];

/** Writes the one file that outlives the state (M26), sealed by a passphrase and readable with `age`. */
export async function recoveryKit(options: RecoveryKitOptions): Promise<undefined> {
  const name = options.stack;
  const file = resolve(options.output ?? `holdfast-${name}-kit.age`);
  const stack = loadStack(name);
  const passphrase = await readPassphrase(options.passphraseFile);
  const engine = await openStack({ stack, enginePath: await setUpEngine(true), hosts: {} });
  const kit = await contentOf(stack, engine);
  const content = JSON.stringify(kit, null, 2);

  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  const sealed = await encrypter.encrypt(content);
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, sealed, { mode: 0o600 });
  renameSync(temporary, file);
  noteKit(name, file);
  print(file);
  note("  ok   sealed; keep it and its passphrase apart from this machine, and from each other");
  note(`       to read it: age --decrypt ${file}`);
  note("       take a new one after a change of passwords or settings");
  if (accessIn(kit.outputs) === undefined) {
    note(
      `  note stack ${name} has no cloud repository (backup.cloud): when this site is lost, its data`,
    );
    note("       are lost; the kit then brings back passwords and settings alone");
  }
}

async function contentOf(stack: Stack, engine: Engine) {
  const options = { cwd: ROOT, env: { ...process.env, ...engine.env } };
  const args = ["stack", "export", "--show-secrets", "--stack", stack.name, "--non-interactive"];
  const { stdout } = await must("exporting the state", "pulumi", args, options);
  const state = JSON.parse(stdout) as { deployment: unknown };
  if (parseDeployment(state.deployment).resources.length === 0) {
    throw new Fault(
      `stack ${stack.name} holds nothing yet that could be lost`,
      `./holdfast up --stack ${stack.name}`,
    );
  }
  const outputs = Object.entries(await engine.stack.outputs());
  const file = stackFile(stack.name);
  const commit = await run("git", ["rev-parse", "HEAD"], { cwd: ROOT });
  return {
    kind: "holdfast-recovery-kit",
    version: 1,
    instructions: INSTRUCTIONS,
    takenAt: new Date().toISOString(),
    ...(commit.code === 0 ? { commit: commit.stdout.trim() } : {}),
    stack: stack.name,
    passphrase: enginePassphrase(engine),
    stackFile: existsSync(file) ? readFileSync(file, "utf8") : "",
    record: stack.record,
    settings: stack.settings,
    outputs: Object.fromEntries(outputs.map(([key, { value }]) => [key, value])),
    passwords: passwordsIn(state.deployment),
    state,
  };
}

/** The passphrase of the state, without its newline. */
function enginePassphrase({ env }: Engine): string {
  const file = env.PULUMI_CONFIG_PASSPHRASE_FILE;
  const plain = process.env.PULUMI_CONFIG_PASSPHRASE;
  return plain ?? (file ? readFileSync(file, "utf8").trimEnd() : "");
}

/** Every generated password by its resource's name, from a state exported with its secrets. Pure. */
export function passwordsIn(deployment: unknown): Record<string, string> {
  const passwords = parseDeployment(deployment).resources.filter(({ type }) =>
    type.startsWith("random:index/randomPassword"),
  );
  return Object.fromEntries(
    passwords.map(({ urn, outputs }) => {
      return [urn.slice(urn.lastIndexOf("::") + 2), decrypted(outputs?.result)];
    }),
  );
}

/** An exported secret is a tree that carries the JSON text of its value. */
function decrypted(value: unknown): string {
  const text = isTree(value) && typeof value.plaintext === "string" ? value.plaintext : undefined;
  return String(text === undefined ? value : JSON.parse(text));
}
