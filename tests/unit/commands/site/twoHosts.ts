import { settingsWith } from "../../tree/mocks.ts";

/** Two sites, each on a host of its own. */
export const settings = settingsWith(
  {
    hosts: {
      h1: { docker: "tcp://host-a:2375", address: "192.0.2.1" },
      h2: { docker: "tcp://host-b:2375", address: "192.0.2.2" },
    },
    sites: { a: { host: "h1" }, b: { host: "h2" } },
  },
  "lab",
);
