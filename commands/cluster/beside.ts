import type { Settings } from "../../settings.ts";

/** A site, for containers that work beside it for a while. */
export interface Beside {
  readonly settings: Settings;
  /** The site's name, e.g. `a`. */
  readonly site: string;
  /** Label `holdfast.id` of the stack's containers. */
  readonly stackId: string;
  /** Without the stack's labels: an `up` meanwhile takes it for nobody's, and lets it be. @default false */
  readonly apart?: boolean | undefined;
}

/**
 * Arguments of `docker run` for a container that works on a site's network and is none of its
 * services. Pure.
 *
 * Labelled like a job: it is the stack's, so that `repair` and `down` clear a left-over one away, but
 * no component, so that `status` does not take it for a service and no drill for something to kill.
 *
 * @param kind of work; with `run` it becomes the label `holdfast.<kind>`
 */
export function besideArguments(
  { settings, site, stackId, apart = false }: Beside,
  kind: "drill" | "bench",
  run: string,
): string[] {
  const stack = [`holdfast.id=${stackId}`, `holdfast.stack=${settings.stack}`];
  return [
    ...(apart ? [] : stack.flatMap((label) => ["--label", label])),
    ...["--label", `holdfast.${kind}=${run}`],
    ...["--network", `${settings.project}-${settings.stack}-${site}-network`],
    // What it prints goes to the launcher; a second copy on disk would only cost time.
    "--log-driver=none",
  ];
}

/** Docker's name of such a container. Pure. */
export function besideName({ settings, site }: Beside, ...parts: readonly string[]): string {
  return [settings.project, settings.stack, site, ...parts].join("-");
}
