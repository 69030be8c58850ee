/** The `{table}` of a path: the stored name, percent-encoded. */
import { hasCode, isLittoralError, LittoralError } from "#shared/base/errors.ts";

/**
 * Decodes the segment after `/v1/tables/` once. Taken from the URL itself: a router's own decoding leaves a broken escape as it is.
 * @throws malformed_request
 */
export function tableName(url: string): string {
	// A request's URL is normalised: `https://host/v1/tables/<name>...`.
	const segment = (url.split(/[?#]/, 1)[0] as string).split("/")[5] ?? "";
	try {
		return decodeURIComponent(segment);
	} catch {
		throw new LittoralError("malformed_request", "the table's name is not percent-encoded UTF-8");
	}
}

/** In SQL an unknown table is 42P01; under a path it is 404. */
export function asTableNotFound(error: unknown): unknown {
	if (!isLittoralError(error) || !hasCode(error, "undefined_table")) return error;
	const { hint } = error.details;
	return new LittoralError("table_not_found", error.message, hint === undefined ? {} : { hint });
}
