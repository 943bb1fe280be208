import { describe, expect, it } from "vitest";
import { renderPgbouncerIni } from "../../../templates/pgbouncer.ini.ts";

const args = {
  database: "shop",
  routerAddress: "10.1.2.61",
  poolSize: 20,
  maxClients: 1000,
  queryWaitTimeoutSeconds: 25,
};

describe("pgbouncer.ini", () => {
  it("is as reviewed", async () => {
    await expect(renderPgbouncerIni(args)).toMatchFileSnapshot("./__snapshots__/pgbouncer.ini");
  });

  it("offers the database on the router's two ports", () => {
    const text = renderPgbouncerIni({ ...args, readWritePort: 7000, readOnlyPort: 7001 });
    expect(text).toMatch(/^shop = host=10\.1\.2\.61 port=7000 dbname='shop'$/m);
    expect(text).toMatch(/^shop_ro = host=10\.1\.2\.61 port=7001 dbname='shop' /m);
  });

  it("quotes names that are not plain words", () => {
    const text = renderPgbouncerIni({ ...args, database: "o'shop x" });
    expect(text).toMatch(/^"o'shop x" = .* dbname='o''shop x'$/m);
    expect(text).toMatch(/^"o'shop x_ro" = /m);
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
