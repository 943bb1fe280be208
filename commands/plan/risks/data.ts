/** Risks to what cannot be made again: volumes, secrets, the network that all of it hangs on. Pure. */
import { containersIn, DATA_PATHS, isDataVolume, isThere, kindOf, mountsOf } from "../resources.ts";
import type { Change, Risk } from "../types.ts";
import type { RiskName } from "./names.ts";

export function dataRisks(changes: readonly Change[]): Risk[] {
  return [
    ...deletedVolumes(changes),
    ...leftBehind(changes),
    ...lost(changes, "RandomPassword", isCipher, "backup-cipher", CIPHER),
    ...lost(changes, "RandomPassword", (change) => !isCipher(change), "replace-password", PASSWORD),
    ...lost(changes, "RandomId", () => true, "replace-stack-id", STACK_ID),
    ...lost(changes, "Network", () => true, "replace-network", NETWORK),
    ...authority(changes),
    ...dockerHosts(changes),
    ...unprotected(changes),
  ];
}

type Words = readonly [what: string, instead: string];
const CIPHER: Words = [
  "everything in the cloud repository was sealed with the former pass, and nobody can open it",
  "keep the pass; to change it, begin a second repository first",
];
const PASSWORD: Words = [
  "who still has the former one is locked out, and members restart with the new one at different times",
  "put components/database/credentials.ts back as it was",
];
const STACK_ID: Words = [
  "every container, volume and backup of this stack carries the former id, and becomes a stranger's",
  "put the former id back; a new stack is made with --stack NAME",
];
const NETWORK: Words = [
  "every container on it is deleted and made anew at once: nothing is rolling, the service is down",
  "keep the former subnet: pulumi config set --path sites.<site>.subnet <subnet>",
];

function deletedVolumes(changes: readonly Change[]): Risk[] {
  const staying = new Set(
    containersIn(changes)
      .filter(isThere.after)
      .flatMap(({ before }) => [...mountsOf(before).values()]),
  );
  const gone = changes.filter(
    (change) =>
      isDataVolume(change) &&
      (change.action === "replace" ||
        // One whose member leaves too, and that stays on the host, is an orphan and not lost (M20).
        (change.action === "delete" && !(change.retain && !staying.has(nameOf(change))))),
  );
  return risk("delete-data-volume", gone, [
    "what is in it is gone, and only a backup brings it back",
    "keep the volume's name and labels; to begin anew on purpose: ./holdfast down --data",
  ]);
}

/** Volumes that stay on the host when Pulumi forgets them, because their member leaves. */
export function orphansOf(changes: readonly Change[]): Change[] {
  const refused = new Set(deletedVolumes(changes).flatMap(({ resources }) => resources));
  return changes.filter(
    (change) => isDataVolume(change) && change.action === "delete" && !refused.has(change.name),
  );
}

function nameOf({ before, name }: Change): string {
  return typeof before?.name === "string" ? before.name : name;
}

function leftBehind(changes: readonly Change[]): Risk[] {
  const moved = containersIn(changes).filter(({ before, after }) => {
    const [was, will] = [mountsOf(before), mountsOf(after)];
    return (
      before !== undefined &&
      after !== undefined &&
      DATA_PATHS.some((path) => was.has(path) && was.get(path) !== will.get(path))
    );
  });
  return risk("leave-data-behind", moved, [
    "it begins without its data; when every member does, the database is empty",
    "keep the volume's logical name",
  ]);
}

function isCipher({ name }: Change): boolean {
  return name === "backup-cipher";
}

function lost(
  changes: readonly Change[],
  kind: string,
  which: (change: Change) => boolean,
  name: RiskName,
  words: Words,
): Risk[] {
  const found = changes.filter(
    (change) => kindOf(change) === kind && which(change) && isLost(change),
  );
  return risk(name, found, words);
}

function isLost({ action }: Change): boolean {
  return action === "replace" || action === "delete";
}

/** An update runs its command again, which makes a new authority just as well. */
function authority(changes: readonly Change[]): Risk[] {
  const found = changes.filter(
    ({ name, action }) => name === "certificate-authority" && !["none", "create"].includes(action),
  );
  return risk("replace-authority", found, [
    "members and the backup container no longer believe each other: archiving stops until all have new certificates",
    "put components/backup/authority.ts back as it was",
  ]);
}

function dockerHosts(changes: readonly Change[]): Risk[] {
  const found = changes.filter(
    ({ type, before, after, action }) =>
      type === "pulumi:providers:docker" &&
      before !== undefined &&
      (action === "delete" || before.host !== after?.host),
  );
  return risk("another-docker-host", found, [
    "containers and volumes stay on the former host, and Pulumi makes or loses them on the new one",
    "keep hosts.<host>.docker; a database moves by ./holdfast restore --kit on the new host",
  ]);
}

/** The first half of a deletion: the next update could carry it out without a word. */
function unprotected(changes: readonly Change[]): Risk[] {
  const found = changes.filter(
    (change) => change.protect && change.protectAfter === false && !isLost(change),
  );
  return risk("lift-protection", found, [
    "from then on a plain pulumi destroy, or any change that replaces it, deletes it",
    "put protect: true back",
  ]);
}

export function risk(name: RiskName, found: readonly Change[], [what, instead]: Words): Risk[] {
  return found.length === 0
    ? []
    : [{ name, resources: found.map((change) => change.name), what, instead }];
}
