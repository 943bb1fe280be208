import type * as pulumi from "@pulumi/pulumi";

/** Where secrets lie in every container. */
export const SECRETS_DIRECTORY = "/etc/holdfast/secrets";

/** One secret as one file: root:root, 0440, no trailing newline (M12). */
export interface SecretFile {
  readonly path: string;
  readonly content: pulumi.Output<string>;
}

/** A secret under its usual name, e.g. `/etc/holdfast/secrets/postgres-superuser`. */
export function secretFile(name: string, content: pulumi.Output<string>): SecretFile {
  return { path: `${SECRETS_DIRECTORY}/${name}`, content };
}
