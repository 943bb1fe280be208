import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Placement } from "../docker/placement.ts";
import { declareNetwork } from "./network.ts";
import { Witness, type WitnessArgs } from "./witness.ts";

export interface ThirdPlaceArgs
  extends Pick<Placement, "settings" | "subnet" | "dockerHost" | "provider" | "stackId" | "images">,
    Pick<WitnessArgs, "passwords" | "authority" | "joint"> {}

/** The third place: a network of its own with the witness on it, in earnest on a host of its own. */
export class ThirdPlace extends pulumi.ComponentResource {
  readonly network: docker.Network;

  constructor(name: string, args: ThirdPlaceArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:site:ThirdPlace", name, {}, opts);
    const { passwords, authority, joint, ...place } = args;
    this.network = declareNetwork(name, place, this);
    const placement: Placement = {
      ...place,
      site: name,
      network: this.network,
      peer: undefined,
      declared: new Map(),
    };
    new Witness(`${name}-etcd`, { placement, passwords, authority, joint }, { parent: this });
    this.registerOutputs({});
  }
}
