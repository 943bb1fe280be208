import { activeSite, runningMembers } from "./cluster/leader.ts";
import { passThrough } from "./exec.ts";
import type { GlobalOptions } from "./options.ts";
import { loadStack } from "./stack.ts";

export interface RestartOptions extends GlobalOptions {
  readonly member?: string;
}

/**
 * Restarts PostgreSQL one member at a time, replicas first, the leader by a handover, so that no
 * client fails; the tool inside a database container does the work.
 */
export async function restart({ stack, member, json }: RestartOptions): Promise<number> {
  const { settings } = loadStack(stack);
  const site = await activeSite(settings);
  const members = await runningMembers(site, stack);
  const node = members.find(({ role }) => role === "leader") ?? members[0];
  const expected = String(settings.database.replicas + 1);
  const args = ["exec", node?.container ?? "", "holdfast-restart", "--members", expected];
  if (member) {
    args.push("--member", member);
  }
  return passThrough(site.docker.host, json ? [...args, "--json"] : args);
}
