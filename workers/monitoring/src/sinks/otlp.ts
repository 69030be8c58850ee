/** OTLP/HTTP in its JSON encoding: traces and logs. @see https://opentelemetry.io/docs/specs/otlp/ */
import type { AttributeValue, LogRecord, SpanKind, SpanRecord } from "#shared/contracts/telemetry.ts";

/** Something that an isolate of a service has sent. */
export interface FromService<Item> {
	service: string;
	isolateId: string;
	item: Item;
}

const SCOPE = { name: "littoral", version: "1" };
const SPAN_KINDS: Record<SpanKind, number> = { internal: 1, server: 2, client: 3, consumer: 5 };
const STATUS_UNSET = 0;
const STATUS_ERROR = 2;
const SEVERITIES: Record<LogRecord["level"], number> = { info: 9, warn: 13, error: 17 };
/** Members of a log line that OTLP has a place for. */
const LOG_CONTEXT = ["service", "traceId", "spanId"];

interface KeyValue {
	key: string;
	value: Record<string, AttributeValue>;
}

function keyValues(attributes: Record<string, AttributeValue>): KeyValue[] {
	return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

/** 64-bit integers are decimal strings in JSON. */
function anyValue(value: AttributeValue): Record<string, AttributeValue> {
	if (typeof value === "string") return { stringValue: value };
	if (typeof value === "boolean") return { boolValue: value };
	return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

function nanoseconds(ms: number): string {
	return `${Math.round(ms)}000000`;
}

/** One group for each isolate, as the resource that it is. */
function byResource<Item>(items: readonly FromService<Item>[], resource: Record<string, string>): { resource: object; items: Item[] }[] {
	const groups = Map.groupBy(items, ({ service, isolateId }) => `${service} ${isolateId}`);
	return [...groups.values()].map((group) => {
		const { service, isolateId } = group[0] as FromService<Item>;
		const attributes = {
			"service.name": `littoral-${service}`,
			"service.namespace": "littoral",
			"service.instance.id": isolateId,
			"cloud.provider": "cloudflare",
			...resource,
		};
		return { resource: { attributes: keyValues(attributes) }, items: group.map(({ item }) => item) };
	});
}

/** The body of a request to `/v1/traces`. @param resource attributes that the operator adds */
export function otlpTraces(spans: readonly FromService<SpanRecord>[], resource: Record<string, string>): object {
	return {
		resourceSpans: byResource(spans, resource).map((group) => ({
			resource: group.resource,
			scopeSpans: [{ scope: SCOPE, spans: group.items.map(otlpSpan) }],
		})),
	};
}

function otlpSpan({ traceId, spanId, parentSpanId, name, kind, startMs, endMs, attributes, isError }: SpanRecord): object {
	return {
		traceId,
		spanId,
		...(parentSpanId === null ? {} : { parentSpanId }),
		name,
		kind: SPAN_KINDS[kind],
		startTimeUnixNano: nanoseconds(startMs),
		endTimeUnixNano: nanoseconds(endMs),
		attributes: keyValues(attributes),
		status: { code: isError ? STATUS_ERROR : STATUS_UNSET },
	};
}

/** The body of a request to `/v1/logs`. */
export function otlpLogs(logs: readonly FromService<LogRecord>[], resource: Record<string, string>): object {
	return {
		resourceLogs: byResource(logs, resource).map((group) => ({
			resource: group.resource,
			scopeLogs: [{ scope: SCOPE, logRecords: group.items.map(otlpLog) }],
		})),
	};
}

function otlpLog({ atMs, level, message, fields }: LogRecord): object {
	const { traceId, spanId } = fields;
	const others = Object.fromEntries(Object.entries(fields).filter(([field]) => !LOG_CONTEXT.includes(field)));
	return {
		timeUnixNano: nanoseconds(atMs),
		observedTimeUnixNano: nanoseconds(atMs),
		severityNumber: SEVERITIES[level],
		severityText: level.toUpperCase(),
		body: { stringValue: message },
		attributes: keyValues(others),
		...(traceId === undefined ? {} : { traceId }),
		...(spanId === undefined ? {} : { spanId }),
	};
}
