import { Fault } from "../fault.ts";
import { note } from "../ui.ts";
import { COPIED, copyRepository, type Place, remove } from "./cloneCopy.ts";
import type { CloneSource } from "./cloneSource.ts";

/**
 * Lets a backup container read another stack's repository for the time of some work, and no longer.
 *
 * @param place the new stack's backup container
 */
export async function withSource<T>(
  source: CloneSource,
  place: Place,
  work: () => Promise<T>,
): Promise<T> {
  const detach = await attach(source, place);
  try {
    await tell(source, place);
    return await work();
  } finally {
    await forget(place);
    await detach();
  }
}

/** Makes the repository reachable. @returns what undoes it */
async function attach(source: CloneSource, place: Place): Promise<() => Promise<void>> {
  if (source.repository === "local" && source.local) {
    const kibibytes = await copyRepository(source.local, place, source.stanza);
    note(
      `  ok   the local repository of ${source.stack}, copied (${Math.ceil(kibibytes / 1024)} MiB)`,
    );
    return () => remove(place);
  }
  const { network } = source;
  if (network === undefined) {
    return async () => undefined;
  }
  const { docker, container } = place;
  const { code, stderr } = await docker.run(["network", "connect", network, container]);
  if (code !== 0 && !/already exists/.test(stderr)) {
    throw new Fault(
      `${container} cannot reach the S3 server of stack ${source.stack}, which is on network ${network}`,
      stderr.trim(),
      "where that stack is on another Docker host: --repository local copies its local repository",
    );
  }
  return async () => {
    await docker.run(["network", "disconnect", network, container]);
  };
}

/** Tells the container what the source is; secrets go by standard input. */
async function tell(source: CloneSource, { docker, container }: Place): Promise<void> {
  const { stanza } = source;
  const access = source.repository === "local" ? { stanza, path: COPIED } : source.access;
  await docker.must(
    `telling ${container} where the backups of ${source.stack} are`,
    ["exec", "--interactive", container, "holdfast-backup", "--source"],
    { input: JSON.stringify(access) },
  );
}

/** Best effort: what is left lies on tmpfs, and ends with the container. */
async function forget({ docker, container }: Place): Promise<void> {
  await docker.run(["exec", container, "holdfast-backup", "--forget-source"]);
}
