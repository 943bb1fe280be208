import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { addressOf, dynamicRangeOf } from "../docker/addresses.ts";
import { labelsOf, type Placement } from "../docker/placement.ts";

/** A bridge of one's own; logical name `<place>-network`. */
export function declareNetwork(
  place: string,
  args: Pick<Placement, "settings" | "stackId" | "subnet" | "provider">,
  parent: pulumi.Resource,
): docker.Network {
  const { settings, stackId, subnet, provider } = args;
  return new docker.Network(
    `${place}-network`,
    {
      driver: "bridge",
      ipamConfigs: [
        { subnet, gateway: addressOf(subnet, "gateway"), ipRange: dynamicRangeOf(subnet) },
      ],
      labels: labelsOf({ settings, site: place, stackId }, "network"),
    },
    // Every container hangs on it: a replacement would recreate the whole site (lab §2).
    { parent, provider, protect: true },
  );
}
