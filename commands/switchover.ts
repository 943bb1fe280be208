import { activeSite, runningMembers } from "./cluster/leader.ts";
import { passThrough } from "./exec.ts";
import type { GlobalOptions } from "./options.ts";
import { loadStack } from "./stack.ts";

export interface SwitchoverOptions extends GlobalOptions {
  readonly to?: string;
}

/** Moves the leader while clients wait, none fails; the tool inside the database's container does the work. */
export async function switchover({ stack, to, json }: SwitchoverOptions): Promise<number> {
  const site = await activeSite(loadStack(stack).settings);
  const members = await runningMembers(site, stack);
  const node = members.find(({ role }) => role === "leader") ?? members[0];
  const args = ["exec", node?.container ?? "", "holdfast-handover"];
  if (to) {
    args.push("--to", to);
  }
  return passThrough(site.docker.host, json ? [...args, "--json"] : args);
}
