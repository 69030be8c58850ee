/** Stand-ins for what telemetry is sent to: a collector that keeps what it gets, and ones that fail in the ways such things fail. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
	path: string;
	headers: IncomingHttpHeaders;
	body: unknown;
}

export interface Collector {
	url: string;
	/** Whole requests, oldest first. */
	received: Received[];
	stop(): Promise<void>;
}

/** @param status what it answers; null: it never answers */
export async function startCollector(status: number | null = 200): Promise<Collector> {
	const received: Received[] = [];
	const server: Server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on("data", (chunk: Buffer) => chunks.push(chunk));
		request.on("end", () => {
			received.push({ path: request.url ?? "", headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()) });
			if (status !== null) response.writeHead(status, { "Content-Type": "application/json" }).end("{}");
		});
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		received,
		async stop() {
			server.closeAllConnections();
			server.close();
			await once(server, "close");
		},
	};
}

interface KeyValue {
	key: string;
	value: { stringValue?: string; intValue?: string; boolValue?: boolean; doubleValue?: number };
}

export interface CollectedSpan {
	service: string;
	traceId: string;
	spanId: string;
	parentSpanId?: string;
	name: string;
	kind: number;
	startTimeUnixNano: string;
	endTimeUnixNano: string;
	attributes: Record<string, string | number | boolean>;
	status: { code: number };
}

function attributesOf(pairs: KeyValue[]): Record<string, string | number | boolean> {
	return Object.fromEntries(
		pairs.map(({ key, value }) => [
			key,
			value.stringValue ?? value.boolValue ?? (value.intValue === undefined ? (value.doubleValue as number) : Number(value.intValue)),
		]),
	);
}

interface TracesBody {
	resourceSpans: {
		resource: { attributes: KeyValue[] };
		scopeSpans: { spans: (Omit<CollectedSpan, "attributes" | "service"> & { attributes: KeyValue[] })[] }[];
	}[];
}

/** Every span that a collector has got. */
export function spansOf({ received }: Collector): CollectedSpan[] {
	return received
		.filter(({ path }) => path === "/v1/traces")
		.flatMap(({ body }) => (body as TracesBody).resourceSpans)
		.flatMap(({ resource, scopeSpans }) => {
			const service = String(attributesOf(resource.attributes)["service.name"]);
			return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, service, attributes: attributesOf(span.attributes) })));
		});
}

export interface SpanTree {
	[name: string]: SpanTree;
}

/** Names below a parent, as nested objects; calls of one name that repeat are one. */
export function treeOf(spans: readonly CollectedSpan[], parentSpanId: string | undefined): SpanTree {
	const children = spans
		.filter((span) => span.parentSpanId === parentSpanId)
		.toSorted((left, right) => left.name.localeCompare(right.name));
	return Object.fromEntries(children.map(({ name, spanId }) => [name, treeOf(spans, spanId)]));
}
