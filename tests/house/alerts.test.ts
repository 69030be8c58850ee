/** The alerts: what is deployed to Prometheus is what the monitoring Worker evaluates, minute by minute. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../../scripts/fleet.ts";
import { GENERATED } from "../../scripts/prometheus/generated.ts";
import { firingByMinute } from "../../scripts/prometheus/rules-test-file.ts";
import { SCENARIO_MINUTES, SCENARIOS } from "../../scripts/prometheus/scenarios.ts";
import { ALERT_RULES, type Selector } from "../../workers/monitoring/src/alerts/rules.ts";
import { METRICS } from "../../workers/monitoring/src/exposition/help.ts";
import { needsPrometheus, promtool, WITHOUT_PROMETHEUS } from "../prometheus.ts";

test.each(GENERATED)("$path is what node scripts/prometheus/generate.ts writes", ({ path, text }) => {
	expect(readFileSync(join(ROOT, path), "utf8")).toBe(text());
});

test("every rule is about metrics that exist, by labels that they have", () => {
	const wrong = ALERT_RULES.flatMap(({ name, signal }) => {
		const selectors: Selector[] = signal.kind === "ratio" ? [signal.part, signal.whole] : [signal.of];
		return selectors.flatMap(({ metric, labels = {} }) => {
			const known = Object.keys(METRICS).filter((candidate) => new RegExp(`^(?:${metric})$`).test(candidate));
			if (known.length === 0) return [`${name}: ${metric}`];
			return known.flatMap((each) =>
				Object.keys(labels).flatMap((label) => (METRICS[each]?.labels.includes(label) ? [] : [`${name}: ${each}{${label}}`])),
			);
		});
	});
	expect(wrong).toEqual([]);
	expect(new Set(ALERT_RULES.map(({ name }) => name)).size).toBe(ALERT_RULES.length);
});

test("a counter whose first event matters stands at 0 before it", () => {
	const rare = ALERT_RULES.flatMap(({ signal, above }) => (signal.kind === "increase" && above < 5 ? [signal.of.metric] : []));
	const without = Object.entries(METRICS).filter(
		([name, { zero }]) => !zero && rare.some((metric) => new RegExp(`^(?:${metric})$`).test(name)),
	);
	// The hubs show their own counts of samples from the start.
	expect(without.map(([name]) => name).filter((name) => !name.endsWith("_samples_total"))).toEqual([]);
});

test("every alert has a scenario that makes it fire", () => {
	const fired = new Set(SCENARIOS.filter(({ fires }) => fires !== null).map(({ alert }) => alert));
	expect(ALERT_RULES.map(({ name }) => name).filter((name) => !fired.has(name))).toEqual([]);
});

describe.each(SCENARIOS)("$alert", (scenario) => {
	test(`fires in minutes ${scenario.fires?.join(" to ") ?? "none"}`, () => {
		const minutes = firingByMinute(scenario).flatMap((firing, minute) => (firing.has(scenario.alert) ? [minute] : []));
		const [from, to] = scenario.fires ?? [0, 0];
		expect(minutes).toEqual(Array.from({ length: Math.min(to, SCENARIO_MINUTES + 1) - from }, (_, index) => from + index));
	});
});

test.skipIf(WITHOUT_PROMETHEUS)(needsPrometheus("promtool accepts the rules"), () => {
	expect(promtool(["check", "rules", "rules.yml"])).toContain(`${ALERT_RULES.length * 2} rules found`);
});

test.skipIf(WITHOUT_PROMETHEUS)(needsPrometheus("Prometheus's alerts fire when ours do, and say the same"), () => {
	expect(promtool(["test", "rules", "rules_test.yml"])).toContain("SUCCESS");
});
