import { readFileSync } from "node:fs";
import type {
  Policies,
  ReportViolation,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import { risksOf } from "../commands/plan/assess.ts";
import { changesBetween, type Declared } from "../commands/plan/compare.ts";
import { breachesIn, INVARIANTS, type InvariantName } from "../commands/plan/invariants.ts";
import { RISKS } from "../commands/plan/risks/names.ts";
import type { Change, Risk } from "../commands/plan/types.ts";
import { declaredOf, remember } from "./declared.ts";

/** What `--policy-pack-config` may say of policy `endangers-data`. */
interface PlanConfig {
  /** A file that `pulumi stack export` wrote; absolute, or relative to where the pack is. */
  readonly state?: string;
  /** Names of risks that are accepted. */
  readonly acceptRisk?: readonly string[];
}

/** Notes each resource's inputs on its way, and objects to none. */
const inputsOfEach: ResourceValidationPolicy = {
  name: "reads-inputs",
  description: "Reads what each resource is declared with, for the other policies.",
  enforcementLevel: "advisory",
  validateResource: (args) => remember(args),
};

function invariant(name: InvariantName): StackValidationPolicy {
  return {
    name,
    description: `Holdfast: ${INVARIANTS[name]}.`,
    enforcementLevel: "mandatory",
    validateStack: ({ resources }, report) => {
      const declared = declaredOf(resources);
      const breaches = breachesIn(changesBetween({}, declared));
      for (const breach of breaches.filter((each) => each.invariant === name)) {
        reportOf(declared, report)(breach.resources, breach.what);
      }
    },
  };
}

const endangersData: StackValidationPolicy = {
  name: "endangers-data",
  description: "Holdfast: no change endangers data, unless its risk is accepted by name.",
  enforcementLevel: "mandatory",
  configSchema: {
    properties: {
      state: { type: "string" },
      acceptRisk: { type: "array", items: { type: "string", enum: Object.keys(RISKS) } },
    },
  },
  validateStack: (args, report) => {
    const { state, acceptRisk = [] } = args.getConfig<PlanConfig>();
    compared = state !== undefined;
    if (state === undefined) {
      return;
    }
    const declared = declaredOf(args.resources);
    const changes = changesBetween(JSON.parse(readFileSync(state, "utf8")), declared);
    for (const risk of unaccepted(changes, acceptRisk)) {
      reportOf(declared, report)(
        risk.resources,
        `${risk.name}: ${risk.what}. Instead: ${risk.instead}`,
      );
    }
  },
};

/** Whether `endangers-data` had a state; the engine runs the policies in the order of the pack. */
let compared = false;

/** Says what was not looked at: a pack that found nothing must not look as if it had compared. */
const comparesWithState: StackValidationPolicy = {
  name: "compares-with-state",
  description: "Holdfast: changes are compared with a state, not only checked by themselves.",
  enforcementLevel: "advisory",
  validateStack: (_, report) => {
    if (!compared) {
      report(
        "no state was named in --policy-pack-config: invariants alone were checked, not what changes",
      );
    }
  },
};

export const policies: Policies = [
  inputsOfEach,
  ...(Object.keys(INVARIANTS) as InvariantName[]).map(invariant),
  endangersData,
  comparesWithState,
];

function unaccepted(changes: readonly Change[], accepted: readonly string[]): Risk[] {
  return risksOf(changes).filter(({ name }) => !accepted.includes(name));
}

/** Reports at the first resource that is still declared, else at the stack. */
function reportOf(declared: readonly Declared[], report: ReportViolation) {
  return (names: readonly string[], what: string): void => {
    const urn = declared.find((resource) =>
      names.some((name) => resource.urn.endsWith(`::${name}`)),
    );
    report(`${names.join(", ")}: ${what}`, urn?.urn);
  };
}
