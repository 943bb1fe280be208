/** Grafana's dashboard provider: every JSON file in the live folder, read again when it changes. */

import { stringify } from "yaml";

/** Folder of the dashboards' JSON files inside the Grafana container. */
export const DASHBOARD_FOLDER = "/etc/holdfast/live/dashboards";

const HEADER =
  "# Rendered by Holdfast from templates/grafana/dashboards.yml.ts. Edit the settings, not this file.";

/** Renders provisioning/dashboards/holdfast.yml. */
export function renderGrafanaDashboardsYml(): string {
  const config = {
    apiVersion: 1,
    providers: [
      {
        name: "holdfast",
        folder: "Holdfast",
        folderUid: "holdfast",
        type: "file",
        // Changes made in the browser would vanish at the next write: save a copy instead.
        allowUiUpdates: false,
        // A file that is taken out takes its dashboard with it.
        disableDeletion: false,
        updateIntervalSeconds: 10,
        options: { path: DASHBOARD_FOLDER, foldersFromFilesStructure: false },
      },
    ],
  };
  return `${HEADER}\n${stringify(config, { lineWidth: 0 })}`;
}
