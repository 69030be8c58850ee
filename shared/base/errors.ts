/**
 * The one error class of the project and the union of its stable codes.
 *
 * workerd carries `name`, `message` and own properties of an error over RPC, not its class: receivers ask
 * {@link isLittoralError}, never `instanceof`.
 */
import { SQLSTATES, type SqlCondition } from "./sqlstates.ts";

/** Codes of the HTTP API which are not PostgreSQL conditions; `workers/gateway/src/problem.ts` maps each to a status. */
export type ApiErrorCode =
	| "malformed_request"
	| "malformed_body"
	| "unknown_setting"
	| "invalid_setting"
	| "invalid_bookmark"
	| "multiple_statements"
	| "unauthenticated"
	| "permission_denied"
	| "tenant_suspended"
	| "not_found"
	| "table_not_found"
	| "tenant_not_found"
	| "method_not_allowed"
	| "not_acceptable"
	| "tenant_exists"
	| "idempotency_key_reused"
	| "in_progress"
	| "conflict"
	| "body_too_large"
	| "unsupported_media_type"
	| "unsupported_encoding"
	| "invalid_rows"
	| "resource_exhausted"
	| "query_timeout"
	| "rate_limited"
	| "overloaded"
	| "unavailable"
	| "internal_error";

/** Codes that only travel between our own Workers and are always handled there. */
export type ProtocolErrorCode =
	| "stale_epoch"
	| "schema_changed"
	| "snapshot_too_old"
	| "commit_precondition_failed"
	| "commit_object_condemned";

export type ErrorCode = ApiErrorCode | ProtocolErrorCode | SqlCondition;

/** One bad row of an append. `row` counts from 1 (a header is not a row), `line` from 1 in the body where the format has lines. */
export interface RowError {
	row: number;
	line?: number;
	column: string | null;
	code: string;
	detail: string;
}

export interface ErrorDetails {
	/** Five-character SQLSTATE; filled from the code where the code is a PostgreSQL condition. */
	sqlstate?: string;
	/** 1-based position in the SQL text, in code points. */
	position?: number;
	hint?: string;
	/** 1-based line of a malformed body. */
	line?: number;
	/** At most `ROW_ERRORS_REPORTED_MAX` of the bad rows. */
	rowErrors?: RowError[];
	rowErrorCount?: number;
	retryAfterSeconds?: number;
}

export class LittoralError extends Error {
	override readonly name = "LittoralError";
	readonly code: ErrorCode;
	readonly details: ErrorDetails;

	constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
		super(message);
		this.code = code;
		const sqlstate = details.sqlstate ?? (SQLSTATES as Record<string, string>)[code];
		this.details = sqlstate === undefined ? details : { ...details, sqlstate };
	}
}

/** True for errors of this class and for those that came over RPC, which kept their properties only. */
export function isLittoralError(error: unknown): error is LittoralError {
	return error instanceof Error && error.name === "LittoralError" && typeof (error as { code?: unknown }).code === "string";
}

/** True when `error` carries `code`, wherever it was raised. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
	return isLittoralError(error) && error.code === code;
}
