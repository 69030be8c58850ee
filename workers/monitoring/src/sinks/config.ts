/** The sinks that an operator has configured, by the names that OpenTelemetry's SDKs read: docs/monitoring.md. */

export interface SinkEnv {
	/** Base address of a collector: traces and logs go below it. */
	OTEL_EXPORTER_OTLP_ENDPOINT?: string;
	/** Whole addresses, each instead of the one below the base. */
	OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?: string;
	OTEL_EXPORTER_OTLP_LOGS_ENDPOINT?: string;
	/** Secret: `name=value,name=value`. */
	OTEL_EXPORTER_OTLP_HEADERS?: string;
	/** `none` sends no traces, or no logs, although there is an endpoint. */
	OTEL_TRACES_EXPORTER?: string;
	OTEL_LOGS_EXPORTER?: string;
	/** Share of new traces, 0 to 1; a caller's decision is followed. */
	OTEL_TRACES_SAMPLER_ARG?: string;
	/** `name=value,name=value`, added to each resource. */
	OTEL_RESOURCE_ATTRIBUTES?: string;
	/** Base address of Loki. */
	LOKI_URL?: string;
	/** Secret: the `Authorization` header. */
	LOKI_AUTHORIZATION?: string;
}

export interface SinkTarget {
	url: string;
	headers: Record<string, string>;
}

export interface SinkConfig {
	traces: SinkTarget | null;
	logs: SinkTarget | null;
	loki: SinkTarget | null;
	/** 0 to 1. */
	traceRatio: number;
	resource: Record<string, string>;
}

export function sinkConfig(env: SinkEnv): SinkConfig {
	const headers = pairs(env.OTEL_EXPORTER_OTLP_HEADERS);
	const base = env.OTEL_EXPORTER_OTLP_ENDPOINT;
	const otlp = (own: string | undefined, path: string, exporter: string | undefined): SinkTarget | null => {
		const url = own || (base && below(base, path));
		return url && exporter !== "none" ? { url, headers } : null;
	};
	return {
		traces: otlp(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, "v1/traces", env.OTEL_TRACES_EXPORTER),
		logs: otlp(env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT, "v1/logs", env.OTEL_LOGS_EXPORTER),
		loki: env.LOKI_URL
			? {
					url: below(env.LOKI_URL, "loki/api/v1/push"),
					headers: env.LOKI_AUTHORIZATION ? { Authorization: env.LOKI_AUTHORIZATION } : {},
				}
			: null,
		traceRatio: ratio(env.OTEL_TRACES_SAMPLER_ARG),
		resource: pairs(env.OTEL_RESOURCE_ATTRIBUTES),
	};
}

function below(base: string, path: string): string {
	return `${base.replace(/\/+$/, "")}/${path}`;
}

/** 1 where it is absent or no share: traces that somebody has asked for are not lost to a misprint. */
function ratio(text: string | undefined): number {
	const value = Number(text || "1");
	return value >= 0 && value <= 1 ? value : 1;
}

/** Names and values are percent-encoded, as in W3C baggage. */
function pairs(text: string | undefined): Record<string, string> {
	const members = (text ?? "").split(",").flatMap((member): [string, string][] => {
		const at = member.indexOf("=");
		return at <= 0 ? [] : [[member.slice(0, at).trim(), decoded(member.slice(at + 1).trim())]];
	});
	return Object.fromEntries(members);
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
