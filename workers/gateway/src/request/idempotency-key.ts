/** The `Idempotency-Key` header. */
import { LittoralError } from "#shared/base/errors.ts";
import { IDEMPOTENCY_KEY_LENGTH_MAX } from "#shared/base/limits.ts";

const FORM = new RegExp(`^[\\x20-\\x7e]{1,${IDEMPOTENCY_KEY_LENGTH_MAX}}$`);

/** @returns null where the header is absent @throws malformed_request */
export function idempotencyKey(headers: Headers): string | null {
	const key = headers.get("Idempotency-Key");
	if (key !== null && !FORM.test(key)) {
		throw new LittoralError("malformed_request", `Idempotency-Key is 1 to ${IDEMPOTENCY_KEY_LENGTH_MAX} printable ASCII characters`);
	}
	return key;
}
