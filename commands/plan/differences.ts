import { isDeepStrictEqual } from "node:util";
import { isTree } from "../../settings/tree.ts";
import { textOf } from "./resources.ts";
import type { Change } from "./types.ts";

/** Characters of a value that are shown; the whole is in Pulumi's own `--diff`. */
const SHOWN = 100;
/** Entries of a list that are shown. */
const ENTRIES = 3;

/** What a change changes, input by input: `image holdfast/etcd:1f → holdfast/etcd:2a`. Pure. */
export function differences(change: Change, keys: readonly string[]): string {
  // The provider names paths such as `uploads[0].content`; the input is the part before.
  const inputs = [
    ...new Set((keys.length > 0 ? keys : change.keys).map((key) => key.split(/[.[]/, 1)[0] ?? key)),
  ];
  const parts = inputs.map(
    (input) => `${input} ${between(change.before?.[input], change.after?.[input])}`,
  );
  return parts.join(", ") || "the provider does not say why";
}

function between(before: unknown, after: unknown): string {
  if (isSecret(before) || isSecret(after)) {
    return "[secret]";
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const gone = before.filter((entry) => !after.some((other) => isDeepStrictEqual(entry, other)));
    const come = after.filter((entry) => !before.some((other) => isDeepStrictEqual(entry, other)));
    const texts = [
      ...gone.map((entry) => `-${shown(entry)}`),
      ...come.map((entry) => `+${shown(entry)}`),
    ];
    const more = texts.length > ENTRIES ? ` and ${texts.length - ENTRIES} more` : "";
    return texts.length === 0 ? "(changed)" : texts.slice(0, ENTRIES).join(" ") + more;
  }
  return `${shown(before)} → ${shown(after)}`;
}

function shown(value: unknown): string {
  if (value === undefined || value === null) {
    return "none";
  }
  const text =
    typeof value === "string"
      ? (textOf(value) ?? "not known yet")
      : JSON.stringify(value, withoutMarks);
  return text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text;
}

/** Without the names of defaults that the engine keeps beside a group. */
function withoutMarks(key: string, value: unknown): unknown {
  return key === "__defaults" ? undefined : value;
}

/** As the engine marks it; its text is `[secret]` in events and ciphertext in a state. */
export function isSecret(value: unknown): boolean {
  return (
    value === "[secret]" ||
    (isTree(value) &&
      value["4dabf18193072939515e22adb298388d"] === "1b47061264138c4ac30d75fd1eb44270")
  );
}
