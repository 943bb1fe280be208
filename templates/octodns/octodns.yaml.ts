/** octodns.yaml: from the zone's file of one site to the DNS service, touching the public names alone. */
import { stringify } from "yaml";

/** The service that octoDNS changes: its class and the parameters of that. */
export interface OctodnsTarget {
  readonly octodnsClass: string;
  /** A secret is `file/<name>`: the file of that name among the container's secrets. */
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
}

/** Facts that {@link renderOctodnsYaml} needs. */
export interface OctodnsYamlArgs {
  /** Without a dot at its end. */
  readonly zone: string;
  /** The public names inside the zone; `@` is the zone itself. */
  readonly names: readonly string[];
  /** Folder of the zone's file in the container. */
  readonly directory: string;
  readonly target: OctodnsTarget;
}

const HEADER =
  "# Rendered by Holdfast from templates/octodns/octodns.yaml.ts. Edit the settings, not this file.";

/** Renders octodns.yaml; valid for octoDNS 1.22. Pure. */
export function renderOctodnsYaml({ zone, names, directory, target }: OctodnsYamlArgs): string {
  const config = {
    secret_handlers: { file: { class: "dnssync.octodns_secrets.FileSecrets" } },
    providers: {
      holdfast: { class: "octodns.provider.yaml.YamlProvider", directory },
      target: { class: target.octodnsClass, ...target.parameters },
    },
    processors: {
      // octoDNS makes a zone what its source says. Here it is to see nothing but our names: whatever else
      // the zone has stays as it is.
      "addresses-only": {
        class: "octodns.processor.filter.TypeAllowlistFilter",
        allowlist: ["A", "AAAA"],
      },
      "our-names-only": {
        class: "octodns.processor.filter.NameAllowlistFilter",
        allowlist: names.map((name) => (name === "@" ? "" : name)).sort(),
      },
    },
    zones: {
      [`${zone}.`]: {
        sources: ["holdfast"],
        processors: ["addresses-only", "our-names-only"],
        targets: ["target"],
      },
    },
  };
  return `${HEADER}\n---\n${stringify(config, { lineWidth: 0 })}`;
}
