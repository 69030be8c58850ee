/** `deploy/prometheus/rules_test.yml`: the scenarios as cases of `promtool test rules`. */
import { bucketBounds } from "#shared/contracts/metrics.ts";
import { addMeasurements, measure } from "../../workers/monitoring/src/alerts/measure.ts";
import { type AlertState, EMPTY_ALERT_STATE, evaluateAlerts, summaryOf } from "../../workers/monitoring/src/alerts/evaluate.ts";
import { ALERT_RULES, type AlertRule } from "../../workers/monitoring/src/alerts/rules.ts";
import { countAt, samplesAt, SCENARIO_MINUTES, type Scenario, SCENARIOS, type Series } from "./scenarios.ts";

const MINUTES = Array.from({ length: SCENARIO_MINUTES + 1 }, (_, minute) => minute);

/** What the monitoring Worker's alerts make of a scenario: by minute, the summary of each alert that fires. */
export function firingByMinute({ series }: Scenario): Map<string, string>[] {
	let state: AlertState = EMPTY_ALERT_STATE;
	return MINUTES.map((minute) => {
		state = evaluateAlerts(state, addMeasurements([measure(samplesAt(series, minute))]), minute * 60_000).after;
		return new Map(
			ALERT_RULES.flatMap((rule): [string, string][] => {
				const episode = state.episodes[rule.name];
				return episode?.state === "firing" ? [[rule.name, summaryOf(rule, episode.value)]] : [];
			}),
		);
	});
}

function seriesLines(series: Series): string[] {
	const { name } = series;
	const line = (suffix: string, labels: Record<string, string>, valueAt: (minute: number) => number): string => {
		const text = Object.entries(labels)
			.map(([label, value]) => `${label}="${value}"`)
			.join(",");
		return `      - series: '${name}${suffix}{${text}}'\n        values: "${MINUTES.map(valueAt).join(" ")}"\n`;
	};
	if (series.kind !== "histogram") return [line("", series.labels, (minute) => samplesAt([series], minute)[0]?.value ?? 0)];
	const { labels, value } = series;
	const bounds = [...bucketBounds(name), Number.POSITIVE_INFINITY];
	return [
		...bounds.map((bound) =>
			line("_bucket", { ...labels, le: bound === Number.POSITIVE_INFINITY ? "+Inf" : String(bound) }, (minute) =>
				value <= bound ? countAt(series, minute) : 0,
			),
		),
		line("_count", labels, (minute) => countAt(series, minute)),
	];
}

/** Two observations of one histogram are one series to Prometheus: the lines of both are added up. */
function mergedLines(lines: string[]): string[] {
	const bySeries = Map.groupBy(lines, (line) => line.slice(0, line.indexOf("\n")));
	return [...bySeries].map(([head, same]) => {
		const numbers = same.map((line) => (/values: "(.*)"/.exec(line)?.[1] ?? "").split(" ").map(Number));
		return `${head}\n        values: "${MINUTES.map((minute) => numbers.reduce((sum, values) => sum + (values[minute] ?? 0), 0)).join(" ")}"\n`;
	});
}

function expectation({ name, severity }: AlertRule, minute: number, summary: string | undefined): string {
	const expected =
		summary === undefined
			? "        exp_alerts: []\n"
			: `        exp_alerts:
          - exp_labels: { severity: ${severity} }
            exp_annotations: { summary: ${JSON.stringify(summary)} }
`;
	return `      - eval_time: ${minute}m\n        alertname: ${name}\n${expected}`;
}

/** Every minute around a change of what fires; the others are between. */
function checkedMinutes({ fires }: Scenario): number[] {
	const [from, to] = fires ?? [30, SCENARIO_MINUTES];
	return [...new Set([from - 1, from, from + 1, to - 1, to])].filter((minute) => minute >= 0 && minute <= SCENARIO_MINUTES);
}

function testCase(scenario: Scenario): string {
	const rule = ALERT_RULES.find(({ name }) => name === scenario.alert) as AlertRule;
	const firing = firingByMinute(scenario);
	return `  - interval: 1m
    input_series:
${mergedLines(scenario.series.flatMap(seriesLines)).join("")}    alert_rule_test:
${checkedMinutes(scenario)
	.map((minute) => expectation(rule, minute, firing[minute]?.get(rule.name)))
	.join("")}`;
}

export function rulesTestFile(): string {
	return `# Written by scripts/prometheus/generate.ts from its scenarios; run by: promtool test rules rules_test.yml
rule_files:
  - rules.yml
evaluation_interval: 1m
tests:
${SCENARIOS.map(testCase).join("")}`;
}
