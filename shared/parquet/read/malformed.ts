/** The one error of a file that is not what it says it is. */
import { LittoralError } from "#shared/base/errors.ts";

/** @returns malformed_body, the message opened with the format's name */
export function malformed(message: string): LittoralError {
	return new LittoralError("malformed_body", `Parquet: ${message}`);
}

/** @returns feature_not_supported (0A000): a well-formed file that needs what this reader does not do */
export function unsupported(message: string): LittoralError {
	return new LittoralError("feature_not_supported", `Parquet: ${message}`);
}
