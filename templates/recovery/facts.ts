/** What the recovery plan is made of. */

/** One drill that ran last. */
export interface DrillFact {
  readonly scenario: string;
  readonly drill: string;
  /** ISO time, or its day. */
  readonly at: string;
  readonly outcome: "passed" | "MISSED" | "skipped";
  /** E.g. `write gap 22.3 s`; the reason of one that was skipped. */
  readonly figures: string;
}

export interface RecoveryFacts {
  readonly stack: string;
  /** Names of the sites, the home first. */
  readonly sites: readonly string[];
  /** Docker's address of each. */
  readonly hosts: Readonly<Record<string, string>>;
  readonly hasWitness: boolean;
  /** Standbys promote themselves. */
  readonly automatic: boolean;
  /** How long clients may keep an old answer of DNS; undefined without public names. Seconds. */
  readonly dnsTtlSeconds: number | undefined;
  /** There is a repository outside of the site. */
  readonly hasCloud: boolean;
  readonly recoveryPointSeconds: number;
  readonly recoveryTimeSeconds: number;
  readonly replicas: number;
  readonly instancesMin: number;
  /** Empty: nobody said. */
  readonly decides: string;
  readonly contacts: readonly string[];
  readonly drills: readonly DrillFact[];
}
