import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { Fault } from "./fault.ts";

/** Shorter ones are guessed too soon, even with scrypt. */
const SHORTEST = 12;

/** A passphrase from a file, or asked for twice on a terminal, without an echo. @throws Fault */
export async function readPassphrase(file: string | undefined): Promise<string> {
  const passphrase = file ? fromFile(file) : await fromTerminal();
  if (passphrase.length < SHORTEST) {
    throw new Fault(`the passphrase is too short: at least ${SHORTEST} characters`);
  }
  return passphrase;
}

/** The passphrase that a kit was sealed with, from a file or asked for once. @throws Fault */
export async function readSealingPassphrase(file: string | undefined): Promise<string> {
  if (file) {
    return fromFile(file);
  }
  refuseWithoutTerminal("./holdfast restore --kit FILE --passphrase-file FILE");
  return ask("passphrase of the kit: ");
}

function fromFile(file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    throw new Fault(`the passphrase file cannot be read: ${(error as Error).message}`);
  }
}

async function fromTerminal(): Promise<string> {
  refuseWithoutTerminal("./holdfast recovery-kit --passphrase-file FILE");
  const first = await ask("passphrase that seals the kit: ");
  if ((await ask("once more: ")) !== first) {
    throw new Fault("the two passphrases differ; nothing was written");
  }
  return first;
}

function refuseWithoutTerminal(otherwise: string): void {
  if (!process.stdin.isTTY) {
    throw new Fault(
      "without a terminal nobody can be asked for the passphrase",
      `name a file that holds it: ${otherwise}`,
    );
  }
}

function ask(question: string): Promise<string> {
  process.stderr.write(question);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: silent, terminal: true });
  reader.on("SIGINT", () => {
    reader.close();
    reject(new Fault("interrupted; nothing was written"));
  });
  reader.question("", (answer) => {
    reader.close();
    process.stderr.write("\n");
    resolve(answer);
  });
  return promise;
}
