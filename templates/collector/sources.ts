/** Lines from elsewhere than the stack's containers: a user's own receivers, with labels like ours. */

import { parse } from "yaml";

/** One file of a user's: a map of the collector's receivers. */
export interface LogSource {
  /** The label `component` of its lines. */
  readonly name: string;
  readonly text: string;
}

/** Parts of the collector's configuration, by their section. */
export interface SourcesConfig {
  readonly receivers: Readonly<Record<string, unknown>>;
  readonly processors: Readonly<Record<string, unknown>>;
  readonly pipelines: Readonly<Record<string, unknown>>;
}

/** Receivers that are ours: a user's of the same name would take their place. */
export const OWN_RECEIVERS: readonly string[] = ["file_log/containers", "docker_stats"];

/** A pipeline for each source, so that its lines get its name. Pure. */
export function sourcesConfig(
  sources: readonly LogSource[],
  labels: { readonly stack: string; readonly site: string },
): SourcesConfig {
  const named = sources.map(({ name, text }) => ({
    id: `extension-${name}`,
    name,
    receivers: parse(text) as Record<string, unknown>,
  }));
  return {
    receivers: Object.assign({}, ...named.map(({ receivers }) => receivers)),
    processors: Object.fromEntries(
      named.map(({ id, name }) => [
        `transform/${id}`,
        {
          error_mode: "ignore",
          log_statements: Object.entries({ ...labels, component: name, instance: name }).map(
            ([label, value]) =>
              // What the source says itself is better known.
              `set(resource.attributes["${label}"], "${value}") where resource.attributes["${label}"] == nil`,
          ),
        },
      ]),
    ),
    pipelines: Object.fromEntries(
      named.map(({ id, receivers }) => [
        `logs/${id}`,
        {
          receivers: Object.keys(receivers),
          processors: ["memory_limiter", `transform/${id}`],
          exporters: ["otlp_http/loki"],
        },
      ]),
    ),
  };
}
