import type { DockerObject } from "../docker.ts";
import { removalLine } from "../engine/repair.ts";
import { parseDeployment, stackIdOf } from "../engine/state.ts";
import { Fault } from "../fault.ts";
import type { Ready } from "../setup/setUp.ts";
import type { Kit } from "./kitFile.ts";

/**
 * Makes sure that a kit's environment is gone from this machine: a state that knows nothing of its
 * containers would remove them, and members would start on the volumes that are left.
 *
 * @throws Fault that says what is there, and how to go on with it or without it
 */
export async function refuseWhatStillStands(ready: Ready, kit: Kit): Promise<void> {
  const lists = await Promise.all(
    Object.values(ready.hosts).map((docker) => docker.objectsOf(kit.stack)),
  );
  const remains = describeRemains(lists.flat(), stackIdOf(parseDeployment(kit.state.deployment)));
  if (remains.length === 0) {
    return;
  }
  throw new Fault(
    `the environment of this kit is not lost: of stack ${kit.stack} there is still here`,
    ...remains,
    "to go on with it as it is, bring only its state back (the kit's instructions say how):",
    "  age --decrypt <kit> > kit.json, then pulumi stack import, then ./holdfast up --refresh",
    `if its data may go for good: ${removalLine(kit.stack)}`,
    `or bring the kit's data into a stack beside it: add --stack ${kit.stack}-copy`,
  );
}

/** What of a stack's id is on the Docker hosts, in lines; others' are not looked at. Pure. */
export function describeRemains(
  objects: readonly DockerObject[],
  stackId: string | undefined,
): string[] {
  const own = objects.filter(({ labels }) => labels["holdfast.id"] === stackId);
  return (["container", "volume", "network"] as const).flatMap((kind) => {
    const names = own.filter((object) => object.kind === kind).map(({ name }) => name);
    const some = names.slice(0, 2).join(", ");
    const more = names.length > 2 ? ` and ${names.length - 2} more` : "";
    return names.length === 0 ? [] : [`  ${kind}s: ${some}${more}`];
  });
}
