import type { Docker } from "../docker.ts";
import { literal, psql } from "./ledgerTable.ts";
import type { OrderRow } from "./types.ts";

/** Everything that a load's customers ordered: the shop names customers of the API `api-<name>`. */
const OF_RUN = (run: string) => `username LIKE ${literal(`api-drill ${run} %`)}`;

/** The orders of a run that one member has. */
export async function readOrders(
  docker: Docker,
  container: string,
  run: string,
  database: string,
): Promise<OrderRow[]> {
  const query = `SELECT o.idempotency_key, count(l.id)
     FROM users u JOIN orders o ON o.user_id = u.id LEFT JOIN order_lines l ON l.order_id = o.id
     WHERE u.${OF_RUN(run)} GROUP BY o.id;`;
  return parseOrders(await psql(docker, container, database, query));
}

/** psql's unaligned output, `key|lines`. Pure. @throws Error for anything else */
export function parseOrders(text: string): OrderRow[] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const found = /^([^|]*)\|(\d+)$/.exec(line);
      if (found === null) {
        throw new Error(`not an order: ${line.slice(0, 100)}`);
      }
      return { key: found[1] ?? "", lines: Number(found[2]) };
    });
}

/**
 * Takes a run's orders and customers out of the shop.
 *
 * @param container the leader's
 */
export async function dropOrders(
  docker: Docker,
  container: string,
  run: string,
  database: string,
): Promise<void> {
  const users = `SELECT id FROM users WHERE ${OF_RUN(run)}`;
  const orders = `SELECT id FROM orders WHERE user_id IN (${users})`;
  await psql(
    docker,
    container,
    database,
    `BEGIN;
     DELETE FROM order_lines WHERE order_id IN (${orders});
     DELETE FROM orders WHERE user_id IN (${users});
     DELETE FROM users WHERE ${OF_RUN(run)};
     COMMIT;`,
  );
}
