/** What the resources of a preview are: containers by tier, data volumes, live files. Pure. */
import { isTree } from "../../settings/tree.ts";
import type { Change, Inputs } from "./types.ts";

/** The last part of a type, e.g. `Container`. */
export function kindOf({ type }: Pick<Change, "type">): string {
  return type.slice(type.lastIndexOf(":") + 1);
}

/** A container's place in the house. */
export interface Place {
  readonly site: string;
  readonly tier: string;
  /** 0 where the tier has no numbers. */
  readonly instance: number;
}

/** Where a container stands, by its labels, else by its name. */
export function placeOf(change: Change): Place {
  const labels = labelsOf(change.after ?? change.before ?? {});
  const [, site = "", alias = change.name] = /^([^-]+)-(.*)$/.exec(change.name) ?? [];
  const [, tier = alias, number = "0"] = /^(.*?)-(\d+)$/.exec(alias) ?? [];
  return {
    site: labels.get("holdfast.site") ?? site,
    tier: labels.get("holdfast.component") ?? tier,
    instance: Number(labels.get("holdfast.instance") ?? number),
  };
}

function labelsOf(inputs: Inputs): Map<string, string> {
  const labels = Array.isArray(inputs.labels) ? inputs.labels : [];
  return new Map(labels.filter(isTree).map(({ label, value }) => [String(label), String(value)]));
}

export function containersIn(changes: readonly Change[]): Change[] {
  return changes.filter((change) => kindOf(change) === "Container");
}

/** The members of one tier, by number; those that leave or come included. */
export function membersIn(changes: readonly Change[], site: string, tier: string): Change[] {
  return containersIn(changes)
    .filter((change) => placeOf(change).site === site && placeOf(change).tier === tier)
    .sort((a, b) => placeOf(a).instance - placeOf(b).instance);
}

/** The sites that have containers, before or after. */
export function sitesIn(changes: readonly Change[]): string[] {
  return [...new Set(containersIn(changes).map((change) => placeOf(change).site))].sort();
}

export const isThere = {
  before: ({ action }: Change): boolean => action !== "create",
  after: ({ action }: Change): boolean => action !== "delete",
};

/** Volumes mounted by a container: path in it → name of the volume. */
export function mountsOf(inputs: Inputs | undefined): Map<string, string> {
  const volumes = Array.isArray(inputs?.volumes) ? inputs.volumes : [];
  return new Map(
    volumes
      .filter(isTree)
      .filter(({ volumeName }) => typeof volumeName === "string")
      .map(({ containerPath, volumeName }) => [String(containerPath), String(volumeName)]),
  );
}

/** `NAME=value` of a container's environment. */
export function environmentOf(inputs: Inputs | undefined): Map<string, string> {
  const envs = Array.isArray(inputs?.envs) ? inputs.envs : [];
  return new Map(
    envs.map(String).map((env) => [env.split("=", 1)[0] ?? "", env.slice(env.indexOf("=") + 1)]),
  );
}

/** Data that cannot be made again: what the state protects, and what is named as such. */
export function isDataVolume(change: Change): boolean {
  return (
    kindOf(change) === "Volume" &&
    (change.protect || /-(data|repository|restore-drill|memory)$/.test(change.name))
  );
}

/** What stands in an event for what is not known yet, or nobody may see. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A text that is known and no secret, else undefined. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== UNKNOWN && value !== "[secret]" ? value : undefined;
}

/** Where members, repositories, site agents and the name server keep what cannot be made again. */
export const DATA_PATHS = [
  "/var/lib/postgresql",
  "/var/lib/etcd",
  "/var/lib/pgbackrest",
  "/var/lib/s3",
  "/var/lib/site-agent",
  "/var/lib/knot",
] as const;
