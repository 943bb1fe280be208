import { expect, test } from "vitest";
import { renderDockerProxyHaproxyCfg } from "../../../templates/docker-proxy/haproxy.cfg.ts";

const paths = { docker: "/run/docker.sock", offered: "/run/docker-proxy/docker.sock" };
const guard = renderDockerProxyHaproxyCfg({
  ...paths,
  client: "guard",
  reads: ["ping", "version", "list", "inspect", "events"],
});
const autoscaler = renderDockerProxyHaproxyCfg({
  ...paths,
  client: "autoscaler",
  reads: ["ping", "list"],
  controls: ["holdfast-dev-a-app-1", "holdfast-dev-a-app-2"],
});

const collector = renderDockerProxyHaproxyCfg({
  ...paths,
  client: "collector",
  reads: ["ping", "list", "inspect", "stats", "events"],
});

test("the whole files", async () => {
  await expect(guard).toMatchFileSnapshot("./__snapshots__/docker-proxy-guard.cfg");
  await expect(autoscaler).toMatchFileSnapshot("./__snapshots__/docker-proxy-autoscaler.cfg");
  await expect(collector).toMatchFileSnapshot("./__snapshots__/docker-proxy-collector.cfg");
});

test("the guard's and the collector's post nothing", () => {
  for (const config of [guard, collector]) expect(config).not.toMatch(/POST|target|control/);
});

test("figures are for the collector alone, one answer each", () => {
  expect(guard).not.toContain("/stats");
  expect(autoscaler).not.toContain("/stats");
  expect(collector).toContain("/containers/[0-9a-f]{64}/stats[?]stream=(0|false)$");
});

test("the autoscaler's names each container whole, without query or version", () => {
  const targets = autoscaler.match(/acl target url -m reg (.*)/g);
  expect(targets).toEqual([
    "acl target url -m reg ^/containers/holdfast-dev-a-app-1/(start|stop|kill)$",
    "acl target url -m reg ^/containers/holdfast-dev-a-app-2/(start|stop|kill)$",
  ]);
  expect(autoscaler).not.toMatch(/acl (inspect|events|version)/);
});
