import type * as pulumi from "@pulumi/pulumi";
import type { CredentialName } from "../database/credentials.ts";
import type { Placement } from "./placement.ts";

/** What every tier of a site is given. */
export interface TierArgs {
  readonly placement: Placement;
  readonly passwords: Readonly<Record<CredentialName, pulumi.Output<string>>>;
}
