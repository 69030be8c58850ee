/** `deploy/prometheus/rules.yml`: the alerts of `workers/monitoring/src/alerts/rules.ts` as recording and alerting rules of Prometheus. */
import { unreachable } from "#shared/base/assert.ts";
import { ALERT_RULES, type AlertRule, type Selector, type Signal, type Unit } from "../../workers/monitoring/src/alerts/rules.ts";

const HEAD = "# Written by scripts/prometheus/generate.ts from workers/monitoring/src/alerts/rules.ts; a test compares them.\n";

/** In PromQL, a selector of all series that match; `suffix` is `_bucket` or `_count` of a histogram. */
function promSelector({ metric, labels = {} }: Selector, suffix = ""): string {
	const isName = /^[a-z_]+$/.test(metric);
	const matchers = Object.entries(labels).map(([label, pattern]) =>
		/^[\w-]+$/.test(pattern) ? `${label}="${pattern}"` : `${label}=~${JSON.stringify(pattern)}`,
	);
	if (!isName) matchers.unshift(`__name__=~${JSON.stringify(metric)}`);
	return `${isName ? metric + suffix : ""}${matchers.length === 0 ? "" : `{${matchers.join(",")}}`}`;
}

function promExpression(signal: Signal): string {
	switch (signal.kind) {
		case "increase":
			return `sum(increase(${promSelector(signal.of)}[${signal.minutes}m]))`;
		case "ratio": {
			const { part, whole, minutes, atLeast } = signal;
			return `sum(increase(${promSelector(part)}[${minutes}m])) / (sum(increase(${promSelector(whole)}[${minutes}m])) >= ${atLeast})`;
		}
		case "quantile": {
			const { of, quantile, minutes, atLeast } = signal;
			const value = `histogram_quantile(${quantile}, sum by (le) (increase(${promSelector(of, "_bucket")}[${minutes}m])))`;
			return `${value} and (sum(increase(${promSelector(of, "_count")}[${minutes}m])) >= ${atLeast})`;
		}
		case "zeros":
			return `count(${promSelector(signal.of)} == 0)`;
		default:
			return unreachable(signal);
	}
}

const TEMPLATES: Record<Unit, string> = {
	ratio: "{{ $value | humanizePercentage }}",
	seconds: '{{ printf "%.1f" $value }} s',
	count: '{{ printf "%.0f" $value }}',
};

/** Strings as JSON writes them, which is YAML too. */
function alertingRule({ name, severity, record, above, forMinutes, summary, unit }: AlertRule): string {
	return `      - alert: ${name}
        expr: "littoral:${record} > ${above}"
        for: ${forMinutes}m
        labels:
          severity: ${severity}
        annotations:
          summary: ${JSON.stringify(summary.replace("{value}", TEMPLATES[unit]))}
`;
}

export function rulesFile(): string {
	const recording = ALERT_RULES.map(
		({ record, signal }) => `      - record: "littoral:${record}"\n        expr: ${JSON.stringify(promExpression(signal))}\n`,
	);
	return `${HEAD}groups:
  # One group: its rules are evaluated in order, so that an alert reads what has just been recorded.
  - name: littoral
    rules:
${recording.join("")}${ALERT_RULES.map(alertingRule).join("")}`;
}
