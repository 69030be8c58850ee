/** Repeating a call whose outcome is unknown: only calls that are idempotent by an id go through here (invariants W3, B1). */
import { isLittoralError, LittoralError } from "#shared/base/errors.ts";
import { RPC_ATTEMPT_COUNT_MAX } from "#shared/base/limits.ts";

let firstWaitMs = 25;

/** For tests, which have each step of a port fail several times. */
export function installFirstWait(milliseconds: number): void {
	firstWaitMs = milliseconds;
}

/**
 * An answer, or a `LittoralError`, is an outcome; anything else (a lost answer, a broken stub) is tried again.
 * @throws unavailable after RPC_ATTEMPT_COUNT_MAX tries
 */
export async function untilKnown<Answer>(call: () => Promise<Answer>): Promise<Answer> {
	for (let attempt = 1; ; attempt++) {
		try {
			return await call();
		} catch (error) {
			if (isLittoralError(error)) throw error;
			if (attempt >= RPC_ATTEMPT_COUNT_MAX) {
				const unavailable = new LittoralError("unavailable", "a part of the system does not answer; try again", { retryAfterSeconds: 1 });
				unavailable.cause = error;
				throw unavailable;
			}
			await scheduler.wait(firstWaitMs * 2 ** attempt);
		}
	}
}
