/** The program: settings in, outputs out. Pulumi runs this file as it is. */
import { Config } from "@pulumi/pulumi";
import { Environment } from "./components/environment.ts";
import { loadSettings } from "./settings.ts";

const settings = loadSettings();
const environment = new Environment("holdfast", {
  settings,
  cloudKeys: settings.backup.cloud.provider === "s3" ? cloudKeys() : undefined,
  alertSecrets: alertSecrets(),
  dnsSecrets: dnsSecrets(),
});

export const stackId = environment.stackId;
export const appUrl = environment.endpoints.appUrl;
export const databaseUrl = environment.endpoints.databaseUrl;
export const readReplicaUrl = environment.endpoints.readReplicaUrl;
/** The page that shows how everything is. */
export const statusUrl = environment.endpoints.statusUrl;
export const prometheusUrl = environment.endpoints.prometheusUrl;
export const alertmanagerUrl = environment.endpoints.alertmanagerUrl;
/** Empty where Grafana's image cannot be had. */
export const grafanaUrl = environment.endpoints.grafanaUrl ?? "";
export const lokiUrl = environment.endpoints.lokiUrl;
/** Where each site is reached; absent where there is one. */
export const siteUrls = environment.siteUrls;
/** What reads the cloud repository without this stack, as JSON. Absent where there is none. */
export const backupAccess = environment.endpoints.backupAccess;

/** The S3 account's keys: secrets of the stack's config, beside the settings. */
function cloudKeys() {
  const config = new Config();
  return {
    id: config.requireSecret("cloudKeyId"),
    secret: config.requireSecret("cloudKeySecret"),
  };
}

/** What the public zone is changed with; the settings' checks see to it that what is needed is there. */
function dnsSecrets() {
  const config = new Config();
  const secret = config.getSecret("dnsSecret");
  return secret && { secret, keyId: config.getSecret("dnsKeyId") };
}

/** What Alertmanager needs to reach people; the settings' checks see to it that what is needed is there. */
function alertSecrets() {
  const config = new Config();
  return {
    smtpPassword: config.getSecret("alertSmtpPassword"),
    webhookUrl: config.getSecret("alertWebhookUrl"),
  };
}
