/** A bound on waiting for another part of the system: nobody who asks waits for ever (invariant B1). */
import { LittoralError } from "./errors.ts";

/**
 * The call goes on where it is, and its outcome is nobody's any more: the caller must be able to repeat it, or to say that its outcome is unknown.
 *
 * @param what does not answer, as the error's text names it
 * @throws unavailable after `milliseconds`; what the call rejects with before
 */
export async function answeredWithin<Answer>(milliseconds: number, what: string, call: PromiseLike<Answer>): Promise<Answer> {
	const late = Promise.withResolvers<never>();
	const timer = setTimeout(
		() => late.reject(new LittoralError("unavailable", `${what} does not answer; try again`, { retryAfterSeconds: 1 })),
		milliseconds,
	);
	try {
		return await Promise.race([call, late.promise]);
	} finally {
		clearTimeout(timer);
	}
}
