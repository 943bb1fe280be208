/** How one version of the application takes the place of another; what is promised: docs/deploys.md. */

/**
 * Seconds for which a new instance has to be well before `up` goes on to the next one. The edge takes an
 * instance up after two good checks, 0.8 s at most, and gives it its full share 5 s later
 * (templates/edge/haproxy.cfg); the next one is out 0.1 s after it began to drain at the earliest.
 */
export const READY_SECONDS = 3;

/**
 * The order in which instances are made and replaced: first those beyond `min`, then 1 to `min`.
 *
 * A new version proves itself on an instance that traffic does not need; when it fails, all that
 * traffic needs are old and go on. And once those beyond `min` run the new version, at least `min` serve
 * while each of the others is replaced. Pure.
 */
export function rolloutOrder({
  min,
  max,
}: {
  readonly min: number;
  readonly max: number;
}): number[] {
  const numbers = Array.from({ length: max }, (_, index) => index + 1);
  return [...numbers.slice(min), ...numbers.slice(0, min)];
}

/** The file in which an instance notes since when it is well; lost with the container's start. */
const NOTE = "well-since";

/**
 * A health check that holds once `command` has succeeded for `seconds` without a failure, and from then on
 * says what `command` says. For an image with a POSIX shell. Pure.
 *
 * @param folder of the instance's own, on tmpfs: a container that starts again begins anew
 */
export function wellFor(seconds: number, folder: string, command: readonly string[]): string[] {
  return ["sh", "-c", WELL_FOR, "sh", `${folder}/${NOTE}`, String(seconds), ...command];
}

/** A note of 0: it has been well for long enough once, and whoever is sick later need not wait again. */
const WELL_FOR = [
  "note=$1 seconds=$2",
  "shift 2",
  'since=$(cat "$note" 2>/dev/null)',
  '"$@" || { [ "$since" = 0 ] || rm -f "$note"; exit 1; }',
  '[ "$since" != 0 ] || exit 0',
  "now=$(date +%s)",
  '[ -n "$since" ] || { since=$now; echo "$now" >"$note"; }',
  '[ $((now - since)) -ge "$seconds" ] || { echo "well for $((now - since)) of $seconds s"; exit 1; }',
  'echo 0 >"$note"',
].join("\n");
