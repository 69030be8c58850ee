/** A real Prometheus scrapes a running Littoral by the configuration that is checked in. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { ALERT_RULES } from "../../workers/monitoring/src/alerts/rules.ts";
import { METRICS } from "../../workers/monitoring/src/exposition/help.ts";
import { type Harness, startHarness } from "../harness.ts";
import { needsPrometheus, promtool, startPrometheus, WITHOUT_PROMETHEUS } from "../prometheus.ts";

let harness: Harness;

beforeAll(async () => {
	harness = await startHarness();
	const { owner } = await harness.tenant();
	await owner.execute("CREATE TABLE t (a INTEGER)");
	await owner.append("t", '[{"a":1},{"a":2},{"a":3}]');
	await owner.query("SELECT count(*) FROM t");
	await (await owner.request("/v1/nothing")).text();
});

afterAll(async () => {
	await harness.stop();
});

/** The text, once all that was done above has been counted. */
async function counted(): Promise<string> {
	await expect
		.poll(metricsText, { timeout: 20_000, interval: 300 })
		.toMatch(/littoral_query_duration_seconds_count\{service="tenant"\} 1\n[^]*littoral_scanned/);
	return await metricsText();
}

async function metricsText(): Promise<string> {
	return await (await harness.admin.request("/metrics")).text();
}

test("every series that is shown is one of the table's, with its labels and no other", async () => {
	const wrong = [...(await counted()).matchAll(/^(littoral_[a-z_]+?)(?:_bucket|_sum|_count)?\{(.*)\} \S+$/gm)].flatMap(
		([line, name, text]) => {
			const labels = [...(text as string).matchAll(/(\w+)="/g)].map((match) => match[1] as string).filter((label) => label !== "le");
			const described = METRICS[name as string]?.labels ?? [];
			return labels.toSorted().join() === described.toSorted().join() ? [] : [line];
		},
	);
	expect(wrong).toEqual([]);
});

test.skipIf(WITHOUT_PROMETHEUS)(needsPrometheus("promtool finds nothing to complain of in /metrics"), async () => {
	expect(promtool(["check", "metrics"], { input: await counted() })).toBe("");
});

test.skipIf(WITHOUT_PROMETHEUS)(needsPrometheus("Prometheus scrapes them"), async () => {
	const prometheus = await startPrometheus({ url: harness.littoral.url, adminKey: harness.littoral.adminKey });
	try {
		const query = async (promql: string): Promise<string[]> => {
			const { result } = await prometheus.get<{ result: { value: [number, string] }[] }>(
				`/api/v1/query?query=${encodeURIComponent(promql)}`,
			);
			return result.map(({ value }) => value[1]);
		};
		const poll = (promql: string) => expect.poll(() => query(promql).catch(() => []), { timeout: 60_000, interval: 300 });
		await poll('up{job="littoral"}').toEqual(["1"]);
		await poll('sum(littoral_appended_rows_total{format="json"})').toEqual(["3"]);
		await poll("sum(littoral_append_rows_sum) / sum(littoral_append_rows_count)").toEqual(["3"]);
		await poll('littoral_append_rows_bucket{le="10"}').toEqual(["1"]);
		const ruleHealth = async (): Promise<string[]> => {
			const { groups } = await prometheus.get<{ groups: { rules: { health: string }[] }[] }>("/api/v1/rules");
			return groups.flatMap(({ rules }) => rules.map(({ health }) => health));
		};
		await expect.poll(ruleHealth, { timeout: 30_000, interval: 300 }).toEqual(ALERT_RULES.flatMap(() => ["ok", "ok"]));
		const metadata = await prometheus.get<Record<string, { type: string; help: string }[]>>("/api/v1/metadata");
		expect(metadata["littoral_append_bytes"]).toMatchObject([{ type: "histogram", help: METRICS["littoral_append_bytes"]?.help }]);
	} finally {
		await prometheus.stop();
	}
});

test("/v1/status has probed all six, and nothing to alarm anybody", async () => {
	const status = async (): Promise<{ status: string; alerts: unknown[]; history: Record<string, { status: string }[]> }> =>
		await harness.admin.json("/v1/status");
	await expect
		.poll(async () => Object.keys((await status()).history).toSorted(), { timeout: 20_000, interval: 300 })
		.toEqual(["catalog", "gateway", "monitoring", "operations", "optimizer", "tenant"]);
	const { alerts, history, ...rest } = await status();
	expect([rest, alerts]).toEqual([{ status: "ok" }, []]);
	expect(Object.values(history).flatMap((results) => results.map((result) => result.status))).not.toContain("failed");
});

test("a message of compaction that failed every time is listed, and counted where an alert waits for it", async () => {
	const catalog = await harness.littoral.miniflare.getWorker("littoral-catalog");
	const message = { id: "poison", timestamp: new Date(), attempts: 1, body: { not: "a job" } };
	await catalog.queue("littoral-compaction-dead", [message]);
	await expect
		.poll(metricsText, { timeout: 20_000, interval: 300 })
		.toContain('littoral_dead_letters_total{service="catalog",queue="compaction"} 1\n');
	expect(await harness.admin.json("/v1/dead-letters")).toMatchObject({
		dead_letters: [{ id: "poison", queue: "compaction", job: null, message: JSON.stringify(message.body) }],
	});
	const [rule] = ALERT_RULES.filter(({ name }) => name === "LittoralDeadLetters");
	expect(rule).toMatchObject({ above: 0, signal: { kind: "increase", of: { metric: "littoral_dead_letters_total" } } });
});
