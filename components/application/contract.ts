import { isShop } from "../../settings/application.ts";
import type { Settings } from "../../settings.ts";
import { SECRETS_DIRECTORY } from "../docker/secretFile.ts";
import { healthScript } from "./healthScript.ts";
import { READY_SECONDS, wellFor } from "./rollout.ts";

/** Seconds an instance answers 503 on its health path before it closes: longer than the edge takes to see it. */
export const DRAIN_SECONDS = 3;

/** An instance's directory for what must not outlive it: the shop's drain mark, its workers' metrics. */
export const RUN_DIRECTORY = "/run/app";

/** What an instance is given, beside its name and the two database URLs. */
export interface Contract {
  readonly environment: Readonly<Record<string, string>>;
  /**
   * The health check's command. It holds once the instance has been well for some seconds, but for a
   * command of one's own: its image may have no shell.
   */
  readonly health: readonly string[];
  /** Secrets that only the shop knows what to do with. */
  readonly secrets: readonly "django-secret-key"[];
}

/** The contract between Holdfast and the application (docs/own-app.md), and what the shop gets on top. Pure. */
export function contractOf({
  application,
  timings,
}: Pick<Settings, "application" | "timings">): Contract {
  const common = {
    PORT: String(application.port),
    DATABASE_URL_FILE: `${SECRETS_DIRECTORY}/database-url`,
    REPLICA_URL_FILE: `${SECRETS_DIRECTORY}/replica-url`,
  };
  if (!isShop(application)) {
    const { health, port, healthPath } = application;
    return {
      environment: common,
      health: health.length > 0 ? health : steady(["sh", "-c", healthScript(port, healthPath)]),
      secrets: [],
    };
  }
  return {
    environment: {
      ...common,
      HOLDFAST_WORKERS: String(application.workers),
      HOLDFAST_THREADS: String(application.threads),
      HOLDFAST_WORKER_TIMEOUT_SECONDS: String(timings.workerTimeoutSeconds),
      HOLDFAST_FOOTER: String(application.footer),
      HOLDFAST_DRAIN_SECONDS: String(DRAIN_SECONDS),
    },
    health: steady(application.health),
    secrets: ["django-secret-key"],
  };
}

function steady(command: readonly string[]): string[] {
  return wellFor(READY_SECONDS, RUN_DIRECTORY, command);
}
