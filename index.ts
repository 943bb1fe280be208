/** The program: settings in, outputs out. Pulumi runs this file as it is. */
import { Environment } from "./components/environment.ts";
import { loadSettings } from "./settings.ts";

const environment = new Environment("holdfast", { settings: loadSettings() });

export const stackId = environment.stackId;
export const appUrl = environment.endpoints.appUrl;
export const databaseUrl = environment.endpoints.databaseUrl;
export const readReplicaUrl = environment.endpoints.readReplicaUrl;
export const prometheusUrl = environment.endpoints.prometheusUrl;
export const alertmanagerUrl = environment.endpoints.alertmanagerUrl;
/** Empty where Grafana's image cannot be had. */
export const grafanaUrl = environment.endpoints.grafanaUrl ?? "";
