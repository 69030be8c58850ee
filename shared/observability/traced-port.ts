/** Calls of what does not trace itself (a Durable Object, the object store), as client spans of whoever calls. */
import { isLittoralError } from "#shared/base/errors.ts";
import { SPAN_PER_PORT_COUNT_MAX } from "#shared/base/limits.ts";
import type { AttributeValue } from "#shared/contracts/telemetry.ts";
import { endSpan, startSpan } from "./trace.ts";

export interface PortTrace {
	/** The span that calls. */
	traceparent: string;
	/** What is called: `TenantShard`, `R2`. */
	target: string;
	attributes?: Record<string, AttributeValue>;
}

/** The same port, each of whose calls is a span; a query that reads thousands of ranges records the first ones. */
export function tracedPort<Port extends object>(port: Port, trace: PortTrace): Port {
	let spanCount = 0;
	const traced = Object.entries(port as Record<string, (...input: unknown[]) => unknown>).map(([method, call]) => [
		method,
		async (...input: unknown[]): Promise<unknown> => {
			if (spanCount++ >= SPAN_PER_PORT_COUNT_MAX) return await call(...input);
			const span = startSpan(trace.traceparent);
			let failure: string | null = null;
			try {
				return await call(...input);
			} catch (error) {
				failure = isLittoralError(error) ? error.code : "internal_error";
				throw error;
			} finally {
				endSpan(span, {
					name: `${trace.target}/${method}`,
					kind: "client",
					attributes: {
						"rpc.system": "workers",
						"rpc.service": trace.target,
						"rpc.method": method,
						"error.type": failure ?? undefined,
						...trace.attributes,
					},
					isError: failure === "internal_error",
				});
			}
		},
	]);
	return Object.fromEntries(traced) as Port;
}
