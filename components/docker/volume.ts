import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { labelsOf, type Placement } from "./placement.ts";

/**
 * A named volume that outlives its container, logical name `<site>-<name>`.
 *
 * @param precious `true` for data that cannot be made again: `down` keeps it and a plain
 *   `pulumi destroy` refuses (M7). `false` for configuration, which every `up` writes.
 */
export function volume(
  placement: Placement,
  name: string,
  kind: { component: string; instance?: number; precious: boolean },
  opts: pulumi.CustomResourceOptions,
): docker.Volume {
  return new docker.Volume(
    `${placement.site}-${name}`,
    { labels: labelsOf(placement, kind.component, kind.instance) },
    { ...opts, provider: placement.provider, protect: kind.precious },
  );
}
