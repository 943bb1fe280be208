/**
 * Steps for a live file: a fault is told once, to the right people, and its end too; and which fault raises
 * which alert within what time.
 *
 * The drills prove the others, each with the time it may take (commands/drills/limits.ts): replicas-stopped
 * (PostgresNoSynchronousStandby, 10 s), backup-killed and backup-paused: backups and archiving stop
 * (BackupContainerDown, 60 s), s3-unavailable, s3-hung, bucket-gone, credentials-revoked, repository-full,
 * stanza-mismatch (RepositoryFault), bit-flip and dump-truncated (BackupDamaged), clock-skew (ClockSkew), the
 * slow disk (TransactionsSlow).
 */
import { afterAll, expect, it } from "vitest";
import { AlertReceiver, type Message } from "./alert-receiver.ts";
import { eventually, type LiveStack, must, sleep } from "./stack.ts";

/** Scrape 5 s, rule 5 s, and as much for a busy machine. */
const SLACK_SECONDS = 15;
/** group_wait of warnings, in templates/alertmanager.yml.ts. */
const GROUP_WAIT_SECONDS = 90;

interface Firing {
  readonly labels: Readonly<Record<string, string>>;
  readonly state: string;
}

/** @param stack one that is up and whole, with three members */
export function alertSteps(stack: LiveStack): void {
  const receiver = new AlertReceiver(stack);
  let urls: Readonly<Record<string, string>> = {};
  // Also after a step that failed: it stands on the stack's network.
  afterAll(() => receiver.stop());

  const docker = (...args: string[]) => must("docker", args);
  const containers = async (component: string) => {
    const filters = [`label=holdfast.stack=${stack.name}`, `label=holdfast.component=${component}`];
    const args = filters.flatMap((filter) => ["--filter", filter]);
    return (await docker("ps", "-q", ...args)).split("\n").filter(Boolean);
  };
  /** Whether Prometheus has the alert as firing, whatever Alertmanager makes of it. */
  const fires = async (name: string) => {
    const answer = await fetch(`${urls.prometheusUrl}/api/v1/alerts`);
    const { data } = (await answer.json()) as { data: { alerts: Firing[] } };
    return data.alerts.some(({ labels, state }) => labels.alertname === name && state === "firing");
  };
  const suppressed = async (name: string) => {
    const filter = encodeURIComponent(`alertname="${name}"`);
    const answer = await fetch(`${urls.alertmanagerUrl}/api/v2/alerts?filter=${filter}`);
    const alerts = (await answer.json()) as { status: { state: string } }[];
    return alerts.some(({ status }) => status.state === "suppressed");
  };
  const raised = (name: string, seconds: number) =>
    eventually(`${name} fires`, seconds + SLACK_SECONDS, () => fires(name));
  const over = (name: string, seconds: number) =>
    eventually(`${name} is over`, seconds, async () => !(await fires(name)));
  const whole = () =>
    eventually("all members stream", 180, async () => {
      const members = await stack.members();
      const roles = members.map(({ role }) => role);
      return roles.includes("leader") && roles.filter((role) => /standby/.test(role)).length === 2;
    });
  const told = async (severity: string): Promise<Message[]> =>
    (await receiver.received("/alerts")).filter(({ alerts }) =>
      alerts.some(({ labels }) => labels.severity === severity),
    );

  it("alerts: a webhook and a dead-man's switch are set", async () => {
    const url = await receiver.start();
    const set = [
      `pulumi config set --secret alertWebhookUrl ${url}/alerts`,
      "pulumi config set --path alerting.webhook true",
      `pulumi config set --path alerting.deadMansSwitch ${url}/alive`,
      // Little enough that a step can write half of it.
      "pulumi config set --path database.parameters.max_slot_wal_keep_size 128MB",
    ].join(" && ");
    const { code, stderr } = await stack.pulumi(set);
    expect(code, stderr).toBe(0);
    await stack.holdfast("up");
    urls = await stack.json<Record<string, string>>("outputs");
    await whole();
  });

  it("alerts: a sign of life comes each minute", async () => {
    const signs = async () => (await receiver.received("/alive")).length;
    await eventually("a first sign of life", 90, async () => (await signs()) > 0);
    const before = await signs();
    await sleep(150_000);
    expect((await signs()) - before).toBeGreaterThanOrEqual(2);
  });

  it("alerts: a lost leader is one message, with a page and what to do, and its end another", async () => {
    // What an earlier step raised has to be told and over.
    await over("GuardReleasedKey", 11 * 60);
    await over("TargetDown", 120);
    const before = (await told("warning")).length;
    const leader = await stack.leader();
    await docker("kill", stack.container(leader));
    // The guard lets another lead at once; the target counts as down after a minute.
    await raised("GuardReleasedKey", 15);
    await raised("TargetDown", 75);
    const messages = async () => (await told("warning")).slice(before);
    await eventually(
      "the message",
      GROUP_WAIT_SECONDS + SLACK_SECONDS,
      async () => (await messages()).length > 0,
    );
    await sleep(120_000);
    const [message, ...more] = await messages();
    expect(more).toEqual([]);
    expect(message?.status).toBe("firing");
    const names = message?.alerts.map(({ labels }) => labels.alertname) ?? [];
    expect(names).toEqual(expect.arrayContaining(["GuardReleasedKey", "TargetDown"]));
    // It says the same as TargetDown of that member.
    expect(names).not.toContain("PostgresDown");
    for (const { annotations } of message?.alerts ?? []) {
      expect(annotations.action).not.toBe("");
      expect(annotations.runbook_url).toMatch(/docs\/runbooks\/\w+\.md$/);
    }
    await docker("start", stack.container(leader));
    await whole();
    await over("TargetDown", 60);
    await eventually("its end is told", 360, async () =>
      (await messages()).some(({ alerts }) =>
        alerts.some(
          ({ labels, status }) => labels.alertname === "TargetDown" && status === "resolved",
        ),
      ),
    );
  });

  it("alerts: no member left is PostgresNoLeader within 24 s, which silences what follows", async () => {
    const members = await containers("postgres");
    await docker("kill", ...members);
    try {
      await raised("PostgresNoLeader", 24);
      await raised("RouterNoLeader", 30);
      await eventually("RouterNoLeader is silenced", 30, () => suppressed("RouterNoLeader"));
    } finally {
      await docker("start", ...members);
    }
    await whole();
    await over("PostgresNoLeader", 60);
    await over("RouterNoLeader", 60);
  });

  it("alerts: no instance left is EdgeNoInstance within 10 s, and the errors EdgeErrors within 90 s", async () => {
    const instances = await containers("app");
    // It would start anew what hangs.
    await docker("stop", stack.container("autoscaler"));
    await docker("pause", ...instances);
    const asking = setInterval(() => void fetch(urls.appUrl ?? "").catch(() => {}), 500);
    try {
      await raised("EdgeNoInstance", 10);
      await raised("EdgeErrors", 90);
      await eventually("EdgeErrors is silenced", 30, () => suppressed("EdgeErrors"));
      await docker("unpause", ...instances);
      await over("EdgeNoInstance", 60);
      // The rate looks back two minutes.
      await over("EdgeErrors", 180);
    } finally {
      clearInterval(asking);
      await must("docker", ["ps", "-q", "--filter", "status=paused"]).then(async (text) => {
        const paused = text.split("\n").filter((id) => instances.includes(id));
        if (paused.length > 0) await docker("unpause", ...paused);
      });
      await docker("start", stack.container("autoscaler"));
    }
  });

  it("alerts: a slot half full is ReplicationSlotRetainsWal within 5 min, and over when its replica is back", async () => {
    const leader = await stack.leader();
    const replica = (await stack.members()).find(({ role }) => role !== "leader")?.name ?? "";
    await docker("stop", stack.container(replica));
    try {
      // 80 MiB of 128: over half, and short of what would give the slot up.
      const megabyte = "pg_logical_emit_message(false, 'fill', repeat('x', 1048576))";
      await stack.sql(leader, `SELECT count(${megabyte}) FROM generate_series(1, 80);`);
      await raised("ReplicationSlotRetainsWal", 300);
    } finally {
      await docker("start", stack.container(replica));
    }
    await whole();
    await over("ReplicationSlotRetainsWal", 60);
  });

  it("alerts: the receiver goes, and its settings with it", async () => {
    const unset = [
      "pulumi config rm alertWebhookUrl",
      "pulumi config rm --path alerting",
      "pulumi config rm --path database.parameters.max_slot_wal_keep_size",
    ].join(" && ");
    const { code, stderr } = await stack.pulumi(unset);
    expect(code, stderr).toBe(0);
    await stack.holdfast("up");
    await receiver.stop();
  });
}
