/** What bench/sizes writes (bench/stack_sizes/report.py). */
export interface SizesReport {
  /** ISO time. */
  readonly at: string;
  readonly cores: number;
  readonly sizes: readonly Size[];
  readonly growth: readonly Growth[];
  readonly error?: string;
}

export interface Size {
  readonly replicas: number;
  readonly loadAverage: number;
  /** By what was done, each time that it was. */
  readonly seconds: Readonly<Record<Doing, readonly number[]>>;
  readonly memory: readonly TierMemory[];
}

export type Doing = "up" | "upAgain" | "preview";

export interface TierMemory {
  readonly tier: string;
  readonly containers: number;
  readonly mebibytes: {
    readonly n: number;
    readonly mean: number;
    readonly min: number;
    readonly max: number;
  };
}

export interface Growth {
  readonly what: Doing;
  readonly replicas: number;
  readonly times: number;
  readonly replicasTimes: number;
  readonly kept: boolean;
}
