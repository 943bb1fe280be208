import { describe, expect, it } from "vitest";
import { renderPgbouncerIni } from "../../../templates/pgbouncer.ini.ts";

const args = {
  database: "shop",
  poolSize: 20,
  maxClients: 1000,
  queryWaitTimeoutSeconds: 25,
};

describe("pgbouncer.ini", () => {
  it("is as reviewed", async () => {
    await expect(renderPgbouncerIni(args)).toMatchFileSnapshot("./__snapshots__/pgbouncer.ini");
  });

  it("leaves the databases to the agent that follows the leader", () => {
    const text = renderPgbouncerIni(args);
    expect(text).toMatch(/^%include \/run\/pgbouncer\/databases\.ini$/m);
    expect(text).not.toMatch(/host=/);
    expect(text).toMatch(/^auth_dbname = shop_ro$/m);
  });

  it("lets logins wait as long as queries, since they wait out a handover too", () => {
    const text = renderPgbouncerIni({ ...args, queryWaitTimeoutSeconds: 33 });
    expect(text).toMatch(/^query_wait_timeout = 33$/m);
    expect(text).toMatch(/^client_login_timeout = 33$/m);
  });

  it("keeps small pools small", () => {
    const text = renderPgbouncerIni({ ...args, poolSize: 1 });
    expect(text).toMatch(/^default_pool_size = 1$/m);
    expect(text).toMatch(/^min_pool_size = 1$/m);
    expect(text).toMatch(/^reserve_pool_size = 1$/m);
  });

  it("holds no password", () => {
    expect(renderPgbouncerIni(args)).not.toMatch(/password\s*=/i);
  });
});
