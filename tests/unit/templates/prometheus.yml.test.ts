import { expect, test } from "vitest";
import { parse } from "yaml";
import {
  clusterIntervalSeconds,
  NO_TARGETS,
  type PrometheusYmlArgs,
  renderPrometheusYml,
} from "../../../templates/prometheus.yml.ts";
import {
  OPTIONAL_JOBS,
  renderTarget,
  SCRAPE_JOBS,
  type ScrapeJob,
  targetPath,
} from "../../../templates/targets.ts";

const args = {
  stack: "dev",
  site: "a",
  scrapeIntervalSeconds: 10,
  alertmanagerAddress: "10.77.3.66",
  postgresExporterAddress: "10.77.3.75",
};

interface Scrape {
  job_name: string;
  scrape_interval?: string;
  file_sd_configs: { files: string[] }[];
}

const scrapes = (more: Pick<PrometheusYmlArgs, "optional"> = {}): Scrape[] =>
  parse(renderPrometheusYml({ ...args, ...more })).scrape_configs;

test("the whole prometheus.yml", async () => {
  await expect(renderPrometheusYml(args)).toMatchFileSnapshot("./__snapshots__/prometheus.yml");
});

test("every kind of target has a job, and no other job reads its files", () => {
  for (const job of Object.keys(SCRAPE_JOBS) as ScrapeJob[]) {
    const path = `/etc/holdfast/live/${targetPath(job, "postgres-1")}`;
    const readers = scrapes({ optional: OPTIONAL_JOBS }).filter(({ file_sd_configs }) =>
      file_sd_configs.some(({ files }) => files.some((glob) => matches(glob, path))),
    );
    expect(readers.map(({ job_name }) => job_name)).toEqual([job]);
  }
});

test("what a stack does not have, Prometheus knows no job of", () => {
  const names = (list: Scrape[]) => list.map(({ job_name }) => job_name);
  expect(names(scrapes())).not.toContain("dns-sync");
  const both = names(scrapes({ optional: ["dns-sync"] }));
  expect(both.filter((name) => name !== "dns-sync")).toEqual(names(scrapes()));
});

test("no job is without a group of targets, even when its last file goes", () => {
  const path = `/etc/holdfast/live/${NO_TARGETS.path}`;
  for (const { job_name, file_sd_configs } of scrapes()) {
    expect(file_sd_configs[0]?.files, job_name).toContain(path);
  }
  expect(JSON.parse(NO_TARGETS.content)).toEqual([{ targets: [] }]);
});

test("who leads is asked every two seconds at least", () => {
  expect(scrapes().find(({ job_name }) => job_name === "patroni")?.scrape_interval).toBe("2s");
  expect(clusterIntervalSeconds(60)).toBe(2);
  expect(clusterIntervalSeconds(2)).toBe(2);
});

test("a target is one file with its labels", async () => {
  const text = renderTarget({
    job: "patroni",
    address: "10.77.3.11",
    labels: { stack: "dev", site: "a", component: "postgres", instance: "postgres-1" },
  });
  await expect(text).toMatchFileSnapshot("./__snapshots__/patroni.postgres-1.json");
});

function matches(glob: string, path: string): boolean {
  const [head = "", tail = ""] = glob.split("*");
  return path.startsWith(head) && path.endsWith(tail);
}
