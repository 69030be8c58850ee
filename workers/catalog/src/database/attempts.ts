/** Bounded repetition of calls whose outcome may be unknown. */
import { isLittoralError, LittoralError } from "#shared/base/errors.ts";
import { RPC_ATTEMPT_COUNT_MAX } from "#shared/base/limits.ts";
import { log } from "#shared/observability/log.ts";
import { increment } from "#shared/observability/metrics.ts";
import type { CatalogPorts } from "../ports.ts";

const WAIT_MS = 20;

function unavailable(error: unknown): LittoralError {
	log("error", "catalog storage does not answer", { service: "catalog", cause: String(error) });
	return new LittoralError("unavailable", "the catalog's storage does not answer; repeat the request", { retryAfterSeconds: 1 });
}

/**
 * Repeats a call that may be repeated freely (reads, conditional PUTs, deletes).
 *
 * @throws LittoralError unavailable after the last attempt; an error of our own passes at once
 */
export async function repeated<Answer>(ports: CatalogPorts, call: () => Promise<Answer>): Promise<Answer> {
	for (let attempt = 1; ; attempt++) {
		try {
			return await call();
		} catch (error) {
			if (isLittoralError(error)) throw error;
			if (attempt === RPC_ATTEMPT_COUNT_MAX) throw unavailable(error);
			await ports.wait(WAIT_MS * attempt);
		}
	}
}

/**
 * Runs a write that is idempotent by an id and fails as a whole. After a failure the id is looked up first: an error says neither that the write
 * was refused nor that it did not happen.
 *
 * @param look the answer of the write that happened; null when it did not and nothing stands against it. Throws the cause when something does
 * @throws LittoralError unavailable when the outcome stays unknown: the caller repeats with the same id
 */
export async function settled<Answer>(
	ports: CatalogPorts,
	write: () => Promise<Answer>,
	look: () => Promise<Answer | null>,
): Promise<Answer> {
	for (let attempt = 1; ; attempt++) {
		try {
			return await write();
		} catch (error) {
			if (isLittoralError(error)) throw error;
			// What stands against the write is thrown by this: past it, the outcome was unknown.
			const answer = await repeated(ports, look);
			increment("littoral_unknown_outcomes_total", { service: "catalog" });
			if (answer !== null) return answer;
			if (attempt === RPC_ATTEMPT_COUNT_MAX) throw unavailable(error);
			await ports.wait(WAIT_MS * attempt);
		}
	}
}
