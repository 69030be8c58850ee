/**
 * JSON that keeps numbers as they were written. `params` may hold 9007199254740993 or 0.10: through a double they would change in silence
 * (invariant E1), so a number that a double does not give back is passed on as its text, which the binder reads as its context's type.
 */
import { parseJson } from "./body.ts";

/** A number whose characters a double would not give back. */
class ExactNumber {
	readonly source: string;

	constructor(source: string) {
		this.source = source;
	}
}

/** ECMAScript's JSON.parse with source text access: newer than TypeScript's library. */
type SourceReviver = (this: unknown, key: string, value: unknown, context?: { source?: string }) => unknown;

const keepSource: SourceReviver = (_key, value, context) => {
	const source = context?.source;
	return typeof value === "number" && source !== undefined && String(value) !== source ? new ExactNumber(source) : value;
};

/** Parses a body whose numbers may have to stay exact; see {@link plainParameter}. @throws malformed_request */
export function parseExactJson(text: string): unknown {
	return parseJson(text, keepSource as Parameters<typeof JSON.parse>[1]);
}

function jsonText(value: unknown): string {
	if (value instanceof ExactNumber) return value.source;
	if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
	if (typeof value === "object" && value !== null) {
		return `{${Object.entries(value)
			.map(([key, member]) => `${JSON.stringify(key)}:${jsonText(member)}`)
			.join(",")}}`;
	}
	return JSON.stringify(value);
}

/** A parameter as the tenant takes it: scalars, arrays of them, and an object (for JSONB) as its JSON text, numbers exact. */
export function plainParameter(value: unknown): unknown {
	if (value instanceof ExactNumber) return value.source;
	if (Array.isArray(value)) return value.map(plainParameter);
	return typeof value === "object" && value !== null ? jsonText(value) : value;
}

/** A value outside `params`, where a double is what is meant. */
export function plainNumber(value: unknown): unknown {
	return value instanceof ExactNumber ? Number(value.source) : value;
}
