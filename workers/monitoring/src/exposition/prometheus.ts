/** Prometheus's text exposition format 0.0.4. @see https://prometheus.io/docs/instrumenting/exposition_formats/ */
import { bucketBounds, type MetricSample } from "#shared/contracts/metrics.ts";
import { METRICS } from "./help.ts";

/** @param samples one per name and labels */
export function exposeText(samples: MetricSample[]): string {
	const byName = Map.groupBy(samples, (sample) => sample.name);
	const lines: string[] = [];
	for (const name of [...byName.keys()].sort()) {
		const series = byName.get(name) as MetricSample[];
		const help = (METRICS[name]?.help ?? "No description.").replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
		lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${series[0]?.kind ?? "counter"}`);
		for (const sample of series)
			lines.push(...(sample.kind === "histogram" ? histogramLines(sample) : [`${name}${labelText(sample.labels)} ${sample.value}`]));
	}
	return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

/** Counters that stand at 0 until their first event. */
export function zeroSamples(): MetricSample[] {
	return Object.entries(METRICS).flatMap(([name, { zero = [] }]) =>
		zero.map((labels): MetricSample => ({ name, labels: { ...labels }, kind: "counter", value: 0 })),
	);
}

function histogramLines({ name, labels, value, buckets = [] }: MetricSample): string[] {
	const lines: string[] = [];
	let cumulative = 0;
	for (const [index, bound] of [...bucketBounds(name), Number.POSITIVE_INFINITY].entries()) {
		cumulative += buckets[index] ?? 0;
		const le = bound === Number.POSITIVE_INFINITY ? "+Inf" : String(bound);
		lines.push(`${name}_bucket${labelText({ ...labels, le })} ${cumulative}`);
	}
	lines.push(`${name}_sum${labelText(labels)} ${value}`, `${name}_count${labelText(labels)} ${cumulative}`);
	return lines;
}

function labelText(labels: Record<string, string>): string {
	const pairs = Object.entries(labels).map(
		([label, value]) => `${label}="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`,
	);
	return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
