/** What a data volume's size decides. Pure. */

/** Four segments: less, and a short pause of the archive would be a hole in it. */
const leastMiB = 64;
/** A thousand segments; a longer queue takes longer to send than a new base backup does. */
const mostMiB = 16_384;
/**
 * Waiting segments and those kept for absent replicas (30 %, max_slot_wal_keep_size) are the same
 * files; a tenth lets the archive be away for a while and the volume never fill up for it.
 */
const share = 0.1;

/** WAL that may wait on a member for the archive, from the size of its data volume. */
export function archiveQueueMiB(volumeSizeMiB: number): number {
  return Math.min(mostMiB, Math.max(leastMiB, Math.floor(volumeSizeMiB * share)));
}
