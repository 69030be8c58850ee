/** Prometheus's text exposition format 0.0.4. @see https://prometheus.io/docs/instrumenting/exposition_formats/ */
import { LATENCY_BUCKETS_SECONDS, type MetricSample } from "#shared/contracts/metrics.ts";
import { HELP } from "./help.ts";

/** @param samples one per name and labels */
export function exposeText(samples: MetricSample[]): string {
	const byName = Map.groupBy(samples, (sample) => sample.name);
	const lines: string[] = [];
	for (const name of [...byName.keys()].sort()) {
		const series = byName.get(name) as MetricSample[];
		lines.push(`# HELP ${name} ${HELP[name] ?? "No description."}`, `# TYPE ${name} ${series[0]?.kind ?? "counter"}`);
		for (const sample of series)
			lines.push(...(sample.kind === "counter" ? [`${name}${labelText(sample.labels)} ${sample.value}`] : histogramLines(sample)));
	}
	return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

function histogramLines({ name, labels, value, buckets = [] }: MetricSample): string[] {
	const lines: string[] = [];
	let cumulative = 0;
	for (const [index, bound] of [...LATENCY_BUCKETS_SECONDS, Number.POSITIVE_INFINITY].entries()) {
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
