/** HTTP clients that an image may have, each with how it fails for anything but 200. Cheapest first. */
const CLIENTS: readonly (readonly [
  program: string,
  command: (port: number, path: string) => string,
])[] = [
  [
    "bash",
    (port, path) =>
      `bash -c 'exec 3<>/dev/tcp/127.0.0.1/${port} && printf "GET ${path} HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n" >&3 && read -r -t 3 _ code _ <&3 && [ "$code" = 200 ]'`,
  ],
  [
    "curl",
    (port, path) =>
      `[ "$(curl -s -m 3 -o /dev/null -w '%{http_code}' http://127.0.0.1:${port}${path})" = 200 ]`,
  ],
  ["wget", (port, path) => `wget -q -T 3 -O /dev/null http://127.0.0.1:${port}${path}`],
  [
    "python3",
    (port, path) =>
      `python3 -c 'import urllib.request as r; raise SystemExit(r.urlopen("http://127.0.0.1:${port}${path}", timeout=3).status != 200)'`,
  ],
  [
    "node",
    (port, path) =>
      `node -e 'fetch("http://127.0.0.1:${port}${path}").then(({ status }) => process.exit(status === 200 ? 0 : 1), () => process.exit(1))'`,
  ],
];

/** What an image needs one of, when no `application.health` says how to ask. */
export const CLIENT_NAMES: readonly string[] = CLIENTS.map(([program]) => program);

/** A script for any `sh` that ends with 0 when one of these programs is there. */
export const CLIENT_PROBE = `for client in ${CLIENT_NAMES.join(" ")}; do command -v "$client" >/dev/null && exit 0; done; exit 1`;

/**
 * A health check for an image that nobody knows: whichever client it has asks the application itself.
 * `port` and `path` are checked settings, without anything that a shell would read otherwise.
 */
export function healthScript(port: number, path: string): string {
  const branches = CLIENTS.map(
    ([program, command]) =>
      `if command -v ${program} >/dev/null; then ${command(port, path)}; exit; fi`,
  );
  return [
    ...branches,
    `echo "none of ${CLIENT_NAMES.join(", ")} in this image: set application.health"`,
    "exit 1",
  ].join("\n");
}
