import { type Previewed, previewStack } from "../engine/previewing.ts";
import { type Engine, readState } from "../engine/workspace.ts";
import { lookAtSites, type SiteChange } from "../scaleIn/look.ts";
import type { Ready } from "../setup/setUp.ts";
import { assess } from "./assess.ts";
import { factsOf } from "./facts.ts";
import { refusedOf } from "./gate.ts";
import type { Plan, Risk } from "./types.ts";

/** An update that was looked at, and not begun. */
export interface Examined extends Previewed {
  readonly plan: Plan;
  /** Risks that nobody accepted. */
  readonly refused: readonly Risk[];
  /** The sites as they live. */
  readonly sites: readonly SiteChange[];
}

/**
 * The one gate: what Pulumi would do and how the cluster is, together as a plan. Nothing is changed.
 *
 * @param args of `pulumi preview`
 * @param review nothing follows, and the stack may be on another machine
 */
export async function examine(
  ready: Ready,
  engine: Engine,
  accepted: readonly string[],
  args: readonly string[],
  review = false,
): Promise<Examined> {
  const sites = await lookAtSites(ready, await readState(engine));
  const previewed = await previewStack(engine, args);
  const plan = assess(previewed.changes, factsOf(ready.stack, sites, review));
  return { ...previewed, plan, refused: refusedOf(plan, accepted), sites };
}
