/**
 * The one place where an error becomes an HTTP answer (RFC 9457). The table is total over `ErrorCode`: a new code without a status does not
 * compile. Rich inside, few outside: what is not a {@link LittoralError} with a public code is a bug, and says nothing but its request id.
 */
import {
	type ApiErrorCode,
	type ErrorCode,
	isLittoralError,
	LittoralError,
	type ProtocolErrorCode,
	type RowError,
} from "#shared/base/errors.ts";
import { SQLSTATES, type SqlCondition } from "#shared/base/sqlstates.ts";

export type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 406 | 409 | 413 | 415 | 422 | 429 | 500 | 503;

interface ErrorEntry {
	status: ProblemStatus;
	title: string;
	/** For `/docs`: what it means and what to do. */
	description: string;
	/** Present where the code is a PostgreSQL condition, or always carries one in SQL. */
	sqlstate?: string;
}

/** Codes of the API which are not PostgreSQL conditions. */
export const API_ERRORS: Record<ApiErrorCode, ErrorEntry> = {
	malformed_request: {
		status: 400,
		title: "Malformed request",
		description: "The request's JSON, a member of it, a query parameter or a header is not what the route takes. `detail` names it.",
	},
	malformed_body: {
		status: 400,
		title: "Malformed body",
		description:
			"The appended body is not valid in its format, or its gzip stream is broken. `line` says where, if the format has lines. Nothing was stored.",
	},
	unknown_setting: { status: 400, title: "Unknown setting", description: "`settings` has a member that does not exist." },
	invalid_setting: {
		status: 400,
		title: "Invalid setting",
		description: "A setting has the wrong type, or lies above its limit: settings only lower limits.",
	},
	invalid_bookmark: { status: 400, title: "Invalid bookmark", description: "The `Bookmark` header is malformed or of another tenant." },
	multiple_statements: {
		status: 400,
		title: "Multiple statements",
		description: "A request runs one statement; one trailing `;` is allowed.",
	},
	unauthenticated: {
		status: 401,
		title: "Unauthenticated",
		description: "The credential is missing, malformed, wrong, expired or revoked, or its tenant has been deleted.",
	},
	permission_denied: {
		status: 403,
		title: "Permission denied",
		description: "The credential's role does not permit this. In SQL with sqlstate 42501.",
	},
	tenant_suspended: { status: 403, title: "Tenant suspended", description: "The platform's administrator has suspended the tenant." },
	not_found: { status: 404, title: "Not found", description: "There is nothing under this path." },
	table_not_found: {
		status: 404,
		title: "Table not found",
		description: "No such table; appending never creates one. Where a name comes near, `hint` has it.",
	},
	tenant_not_found: { status: 404, title: "Tenant not found", description: "No such tenant." },
	method_not_allowed: {
		status: 405,
		title: "Method not allowed",
		description: "The path exists, the method does not; `Allow` lists those that do.",
	},
	not_acceptable: { status: 406, title: "Not acceptable", description: "`Accept` names none of the result formats." },
	tenant_exists: { status: 409, title: "Tenant exists", description: "A tenant of this id exists already." },
	idempotency_key_reused: {
		status: 409,
		title: "Idempotency key reused",
		description: "The key came with another body or statement within 24 hours. Nothing was stored.",
	},
	in_progress: {
		status: 409,
		title: "In progress",
		description: "The first request with this idempotency key is still under way; repeat after `Retry-After`.",
	},
	conflict: {
		status: 409,
		title: "Conflict",
		description: "A change made at the same time stands in the way; the request may be repeated.",
	},
	body_too_large: {
		status: 413,
		title: "Body too large",
		description: "The body, compressed or decoded, or the SQL text is above its limit. Nothing was stored.",
	},
	unsupported_media_type: { status: 415, title: "Unsupported media type", description: "The route does not take this `Content-Type`." },
	unsupported_encoding: { status: 415, title: "Unsupported encoding", description: "Bodies are plain or, when appended, `gzip`." },
	invalid_rows: {
		status: 422,
		title: "Invalid rows",
		description: "Rows do not fit the table. `errors` has the first 100, `error_count` says how many there are. Nothing was stored.",
	},
	resource_exhausted: {
		status: 422,
		title: "Resource exhausted",
		description: "The query went over its memory (sqlstate 53200), or over its work or bytes scanned (54000).",
		sqlstate: "53200",
	},
	query_timeout: { status: 422, title: "Query timeout", description: "The query went over its time.", sqlstate: "57014" },
	rate_limited: { status: 429, title: "Rate limited", description: "Too many requests with this key; repeat after `Retry-After`." },
	overloaded: {
		status: 429,
		title: "Overloaded",
		description: "The tenant's shards, or the memory for queries, are full for the moment; repeat after `Retry-After`.",
	},
	unavailable: {
		status: 503,
		title: "Unavailable",
		description: "A service behind the gateway does not answer; repeat after `Retry-After`.",
	},
	internal_error: {
		status: 500,
		title: "Internal error",
		description: "A bug in Littoral. Report the `request_id`.",
	},
};

/** Codes between our own Workers: one that reaches the outside is a bug, and is shown as one. */
const PROTOCOL_ERRORS: Record<ProtocolErrorCode, "internal_error"> = {
	stale_epoch: "internal_error",
	schema_changed: "internal_error",
	snapshot_too_old: "internal_error",
	commit_precondition_failed: "internal_error",
	commit_object_condemned: "internal_error",
};

/** PostgreSQL conditions that the API shows under a code of its own, their sqlstate kept. */
const RENAMED_CONDITIONS: Partial<Record<SqlCondition, ApiErrorCode>> = {
	insufficient_privilege: "permission_denied",
	out_of_memory: "resource_exhausted",
	query_canceled: "query_timeout",
};

function sqlEntry(condition: SqlCondition): ErrorEntry {
	const words = condition.replaceAll("_", " ");
	return {
		status: condition === "serialization_failure" ? 409 : 422,
		title: words.charAt(0).toUpperCase() + words.slice(1),
		description: `PostgreSQL's condition ${SQLSTATES[condition]}; \`position\` counts code points of the SQL from 1.`,
		sqlstate: SQLSTATES[condition],
	};
}

/** Every code that an answer can carry, with its status; the source of `/docs` too. */
export const ERRORS: ReadonlyMap<string, ErrorEntry> = new Map<string, ErrorEntry>([
	...Object.entries(API_ERRORS),
	...(Object.keys(SQLSTATES) as SqlCondition[])
		.filter((condition) => RENAMED_CONDITIONS[condition] === undefined)
		.map((condition): [string, ErrorEntry] => [condition, sqlEntry(condition)]),
]);

/** The code shown outside; total over `ErrorCode`, and safe for a code that a newer Worker invented. */
function publicCode(code: ErrorCode): ApiErrorCode | SqlCondition {
	if (Object.hasOwn(PROTOCOL_ERRORS, code)) return PROTOCOL_ERRORS[code as ProtocolErrorCode];
	const renamed = Object.hasOwn(RENAMED_CONDITIONS, code) ? RENAMED_CONDITIONS[code as SqlCondition] : undefined;
	if (renamed !== undefined) return renamed;
	return ERRORS.has(code) ? (code as ApiErrorCode | SqlCondition) : "internal_error";
}

/** Body of `application/problem+json`. */
export interface Problem {
	type: string;
	title: string;
	status: ProblemStatus;
	code: string;
	detail: string;
	request_id: string;
	sqlstate?: string;
	position?: number;
	hint?: string;
	line?: number;
	errors?: RowError[];
	error_count?: number;
}

const INTERNAL_DETAIL = "Something failed inside Littoral. Report the request id.";
/** For codes that ask to come again where the thrower did not say when. */
const RETRY_AFTER_SECONDS_DEFAULT = 1;
const RETRIED_CODES: readonly string[] = ["rate_limited", "overloaded", "in_progress", "unavailable"] satisfies ApiErrorCode[];

/**
 * What the platform throws when it, not our code, failed: a Durable Object or a service that was reset, unreachable or flooded.
 * workerd marks these with `overloaded` and `retryable`.
 */
function platformError(error: unknown): LittoralError | null {
	const flags = error as { overloaded?: unknown; retryable?: unknown } | null;
	if (flags?.overloaded === true) return new LittoralError("overloaded", "too many requests at once");
	if (flags?.retryable === true) return new LittoralError("unavailable", "a service behind the gateway does not answer");
	return null;
}

/** True where {@link toProblem} says nothing but the request id: the caller logs and reports the error itself. */
export function isInternal(error: unknown): boolean {
	const known = isLittoralError(error) ? error : platformError(error);
	return known === null || publicCode(known.code) === "internal_error";
}

/** @returns the body, and the seconds of `Retry-After` where the client should come again */
export function toProblem(error: unknown, requestId: string): { problem: Problem; retryAfterSeconds: number | null } {
	const known = isLittoralError(error) ? error : platformError(error);
	const code = known === null ? "internal_error" : publicCode(known.code);
	const entry = ERRORS.get(code) as ErrorEntry;
	const head = { type: `/docs/errors#${code}`, title: entry.title, status: entry.status, code };
	if (known === null || code === "internal_error") {
		return { problem: { ...head, detail: INTERNAL_DETAIL, request_id: requestId }, retryAfterSeconds: null };
	}
	const { details } = known;
	const sqlstate = details.sqlstate ?? entry.sqlstate;
	return {
		problem: {
			...head,
			detail: known.message,
			request_id: requestId,
			...(sqlstate === undefined ? {} : { sqlstate }),
			...(details.position === undefined ? {} : { position: details.position }),
			...(details.hint === undefined ? {} : { hint: details.hint }),
			...(details.line === undefined ? {} : { line: details.line }),
			...(details.rowErrors === undefined ? {} : { errors: details.rowErrors }),
			...(details.rowErrorCount === undefined ? {} : { error_count: details.rowErrorCount }),
		},
		retryAfterSeconds: details.retryAfterSeconds ?? (RETRIED_CODES.includes(code) ? RETRY_AFTER_SECONDS_DEFAULT : null),
	};
}

export function problemResponse(problem: Problem, headers: Record<string, string> = {}): Response {
	return new Response(JSON.stringify(problem), {
		status: problem.status,
		headers: { "Content-Type": "application/problem+json", ...headers },
	});
}
