import { readFileSync } from "node:fs";
import { Decrypter } from "age-encryption";
import { isTree, type Tree } from "../../settings/tree.ts";
import { Fault } from "../fault.ts";
import type { ExportedState } from "./state.ts";

/** What a recovery kit holds (M26), as far as a restore reads it. */
export interface Kit {
  readonly stack: string;
  /** ISO time. */
  readonly takenAt: string;
  /** The passphrase that the state and the secrets in the stack's file are encrypted with. */
  readonly passphrase: string;
  /** Text of Pulumi.<stack>.yaml; empty when there was none. */
  readonly stackFile: string;
  /** The launcher's record of the lost machine. */
  readonly record: Tree;
  /** All settings that applied. */
  readonly settings: Tree;
  /** The stack's outputs, secrets in plain. */
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly state: ExportedState;
  /** Commit of the program that ran; kits before it was noted have none. */
  readonly commit?: string;
}

const KIND = "holdfast-recovery-kit";
/** The newest version that this program understands. */
const VERSION = 1;

/**
 * Opens a kit.
 *
 * @throws Fault when the file cannot be read, the passphrase is not the one, or it is no kit
 */
export async function openKit(file: string, passphrase: string): Promise<Kit> {
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  let text: string;
  try {
    text = await decrypter.decrypt(bytesOf(file), "text");
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault(
      `${file} does not open: ${(error as Error).message}`,
      "it is no recovery kit, or another passphrase sealed it, or it is damaged",
      `age says which: age --decrypt ${file} > kit.json`,
    );
  }
  return parseKit(text, file);
}

function bytesOf(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Fault(`the recovery kit cannot be read: ${(error as Error).message}`);
  }
}

/** The kit in an opened file. Pure. @throws Fault that names what it lacks */
export function parseKit(text: string, file: string): Kit {
  const kit = treeIn(text);
  if (kit?.kind !== KIND) {
    throw new Fault(`${file} was opened, and is no recovery kit of Holdfast`);
  }
  if (typeof kit.version !== "number" || kit.version > VERSION) {
    throw new Fault(
      `${file} is a kit of version ${kit.version}; this program reads version ${VERSION}`,
      "use the Holdfast that wrote it, or a newer one",
    );
  }
  const { stack, takenAt, passphrase, stackFile, record, settings, outputs, state, commit } = kit;
  const missing = [
    ...(typeof stack === "string" && stack !== "" ? [] : ["stack"]),
    ...(typeof passphrase === "string" && passphrase !== "" ? [] : ["passphrase"]),
    ...(isTree(state) && isTree(state.deployment) ? [] : ["state"]),
  ];
  if (missing.length > 0) {
    throw new Fault(`${file} lacks ${missing.join(", ")}: nothing can be brought back with it`);
  }
  return {
    stack: String(stack),
    takenAt: String(takenAt ?? "unknown"),
    passphrase: String(passphrase),
    stackFile: String(stackFile ?? ""),
    record: isTree(record) ? record : {},
    settings: isTree(settings) ? settings : {},
    outputs: isTree(outputs) ? outputs : {},
    state: state as unknown as ExportedState,
    ...(typeof commit === "string" ? { commit } : {}),
  };
}

function treeIn(text: string): Tree | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isTree(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
