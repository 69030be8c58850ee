/** Every query of the Grafana dashboard is about metrics that exist, by labels that they have, and is PromQL. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DASHBOARD_QUERIES } from "../../scripts/prometheus/dashboard.ts";
import { METRICS } from "../../workers/monitoring/src/exposition/help.ts";
import { needsPrometheus, promtool, PROMETHEUS_FOLDER, WITHOUT_PROMETHEUS } from "../prometheus.ts";

/** What a query says that is not so. */
function faultsOf(query: string): string[] {
	const faults: string[] = [];
	const named = [...query.matchAll(/(littoral_[a-z_]+)(?:\{((?:[^"}]|"[^"]*")*)\})?/g)];
	const labelsOf = (full: string): readonly string[] | null => {
		const exact = METRICS[full];
		if (exact) return exact.labels;
		const [, name, suffix] = /^(.*)_(bucket|sum|count)$/.exec(full) ?? [];
		const histogram = name === undefined || name.endsWith("_total") ? undefined : METRICS[name];
		if (!histogram || histogram.kind === "gauge") return null;
		return suffix === "bucket" ? [...histogram.labels, "le"] : histogram.labels;
	};
	for (const [, name, matchers = ""] of named) {
		const labels = labelsOf(name as string);
		if (labels === null) faults.push(`no metric ${name}`);
		const used = [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map((match) => match[1] as string);
		const grouped = [...query.matchAll(/by \(([^)]*)\)/g)].flatMap((match) => (match[1] as string).split(",").map((label) => label.trim()));
		for (const label of [...used, ...grouped]) if (labels !== null && !labels.includes(label)) faults.push(`${name} has no label ${label}`);
	}
	if (named.length === 0 && !query.includes("ALERTS{")) faults.push("no metric at all");
	return faults;
}

test("every query's metrics and labels exist", () => {
	expect(DASHBOARD_QUERIES.flatMap((query) => faultsOf(query).map((fault) => `${query}: ${fault}`))).toEqual([]);
	// What is deployed is what was checked: the file has these queries.
	const file = JSON.parse(readFileSync(join(PROMETHEUS_FOLDER, "dashboard.json"), "utf8")) as {
		panels: { targets?: { expr: string }[] }[];
	};
	expect(file.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))).toEqual(DASHBOARD_QUERIES);
});

test.each([
	["sum(rate(littoral_nothing_total[5m]))", ["no metric littoral_nothing_total"]],
	['littoral_flushes_total{tenant="a"}', ["littoral_flushes_total has no label tenant"]],
	[
		"sum by (le, format) (rate(littoral_flush_duration_seconds_bucket[5m]))",
		["littoral_flush_duration_seconds_bucket has no label format"],
	],
	["littoral_flushes_total_count", ["no metric littoral_flushes_total_count"]],
])("the check sees what is wrong with %s", (query, faults) => {
	expect(faultsOf(query)).toEqual(faults);
});

test.skipIf(WITHOUT_PROMETHEUS)(needsPrometheus("Prometheus reads every query of the dashboard"), () => {
	const folder = mkdtempSync(join(tmpdir(), "littoral-dashboard-"));
	try {
		const rules = DASHBOARD_QUERIES.map((query, index) => ({ record: `query:${index}`, expr: query.replaceAll("$__rate_interval", "5m") }));
		// YAML reads JSON.
		writeFileSync(join(folder, "queries.yml"), JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
		expect(promtool(["check", "rules", "queries.yml"], { folder })).toContain(`${DASHBOARD_QUERIES.length} rules found`);
	} finally {
		rmSync(folder, { recursive: true });
	}
});
