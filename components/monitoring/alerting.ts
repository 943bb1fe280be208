import * as pulumi from "@pulumi/pulumi";
import { renderAlertmanagerYml } from "../../templates/alertmanager.yml.ts";
import { container } from "../docker/container.ts";
import { liveFile } from "../docker/liveFile.ts";
import { physicalName } from "../docker/placement.ts";
import { SECRETS_DIRECTORY, type SecretFile, secretFile } from "../docker/secretFile.ts";
import type { TierArgs } from "../docker/tier.ts";
import { volume } from "../docker/volume.ts";

/** Secrets of the stack's config that Alertmanager needs to reach people. */
export interface AlertSecrets {
  /** Of the mail server's user. */
  readonly smtpPassword?: pulumi.Output<string> | undefined;
  /** Where alerts are posted; most carry a token. */
  readonly webhookUrl?: pulumi.Output<string> | undefined;
}

export interface AlertingArgs extends TierArgs {
  readonly secrets: AlertSecrets;
}

/** Alertmanager: groups what Prometheus finds and tells people. */
export class Alerting extends pulumi.ComponentResource {
  constructor(name: string, args: AlertingArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:monitoring:Alerting", name, {}, opts);
    const { placement } = args;
    const { settings, site } = placement;
    const kind = { component: "alertmanager", precious: false };
    const live = volume(placement, "alertmanager-config", kind, { parent: this });
    const data = volume(placement, "alertmanager-data", kind, { parent: this });
    const file = liveFile(
      placement,
      "alertmanager.yml",
      {
        volume: live,
        path: "alertmanager.yml",
        content: renderAlertmanagerYml({
          ...settings.alerting,
          secretsDirectory: SECRETS_DIRECTORY,
        }),
        image: placement.images.alertmanager,
        validate: 'amtool check-config "$FILE"',
        reload: {
          anyOf: [physicalName(settings, `${site}-alertmanager`)],
          command: 'docker kill --signal HUP "$CONTAINER" >/dev/null',
        },
      },
      { parent: this },
    );
    container(
      placement,
      {
        tier: "alertmanager",
        image: placement.images.alertmanager,
        command: [
          "--config.file=/etc/holdfast/live/alertmanager.yml",
          "--storage.path=/alertmanager",
          // One instance: no gossip with others.
          "--cluster.listen-address=",
        ],
        health: {
          command: ["amtool", "--alertmanager.url=http://127.0.0.1:9093", "config", "show"],
          intervalSeconds: 5,
          timeoutSeconds: 5,
          retries: 6,
          startPeriodSeconds: 30,
        },
        memoryMiB: 128,
        volumes: [
          { volume: live, path: "/etc/holdfast/live", readOnly: true },
          { volume: data, path: "/alertmanager" },
        ],
        secrets: secretFiles(args.secrets),
        ports: [{ internal: 9093, external: settings.ports.alertmanager }],
        stopSeconds: 10,
      },
      { parent: this, dependsOn: [file] },
    );
    this.registerOutputs({});
  }
}

function secretFiles({ smtpPassword, webhookUrl }: AlertSecrets): SecretFile[] {
  return [
    ...(smtpPassword === undefined ? [] : [secretFile("alert-smtp-password", smtpPassword)]),
    ...(webhookUrl === undefined ? [] : [secretFile("alert-webhook-url", webhookUrl)]),
  ];
}
