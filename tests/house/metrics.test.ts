/** Every metric that code counts stands in the table of metrics, with its labels, named by Prometheus's conventions. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bucketBounds } from "#shared/contracts/metrics.ts";
import { ROOT } from "../../scripts/fleet.ts";
import { METRICS } from "../../workers/monitoring/src/exposition/help.ts";

const sources = globSync("{shared,workers}/**/*.ts", { cwd: ROOT })
	.filter((file) => !/test|help\.ts$|\/alerts\//.test(file))
	.map((file) => readFileSync(join(ROOT, file), "utf8"));

test("every metric that code counts is described, and none else is", () => {
	const counted = new Set(sources.flatMap((source) => source.match(/(?<=")littoral_[a-z_]+(?=")/g) ?? []));
	expect([...counted].toSorted()).toEqual(Object.keys(METRICS).toSorted());
});

test("each is counted with the labels that its description names", () => {
	const wrong = sources.flatMap((source) =>
		[...source.matchAll(/\b(?:increment|observe|observeSeconds)\(\s*"(littoral_[a-z_]+)",\s*\{([^}]*)\}/g)].flatMap(([, name, text]) => {
			const labels = (text as string).split(",").flatMap((member) => /^\s*(\w+)/.exec(member)?.[1] ?? []);
			const described = METRICS[name as string]?.labels ?? [];
			return labels.toSorted().join() === described.toSorted().join() ? [] : [`${name} {${labels.join()}}`];
		}),
	);
	expect(wrong).toEqual([]);
});

test("a name is a counter's or ends with the base unit of a histogram; a label is never a tenant, an id or a name that users give", () => {
	for (const [name, { labels, kind, zero }] of Object.entries(METRICS)) {
		expect(name, name).toMatch(/^littoral_[a-z]+(_[a-z]+)*$/);
		if (kind === undefined && !name.endsWith("_total")) expect(bucketBounds(name).length, name).toBeGreaterThan(5);
		// A unit stands right before _total: appended_rows_total, never rows_appended_total.
		expect(name, name).not.toMatch(/_(rows|bytes|seconds)_.+_total$|_(ms|milliseconds|kib|mib|count|sum|bucket)(_|$)/);
		expect(labels[0], name).toBe("service");
		expect(
			labels.filter((label) => /tenant|table|^le$|_?id$|key|sql|name/.test(label)),
			name,
		).toEqual([]);
		for (const zeroLabels of zero ?? []) expect(Object.keys(zeroLabels).toSorted(), name).toEqual(labels.toSorted());
	}
});
