/**
 * Seeing calls to the tenant through when the client goes away. workerd ends a request's context as soon as its client has disconnected and
 * nothing is waited for: the context of the Worker that it called is then dropped without running another line there, `finally` included, and
 * leases of that isolate's memory would never come back. What is waited for here lets an error or a cancellation arrive first.
 */
import { answeredWithin } from "#shared/base/answered-within.ts";
import type { Context } from "hono";
import { TENANT_WORKER } from "../deadlines.ts";
import type { AppEnv } from "../env.ts";

/** Time for a cancellation to arrive and clean up. */
const CANCEL_GRACE_MS = 1000;

/** Lets a call of the tenant Worker end on its own terms, whether or not the client waits for it. @throws unavailable after `milliseconds` without an answer */
export async function seenThrough<Answer>(context: Context<AppEnv>, milliseconds: number, call: Promise<Answer>): Promise<Answer> {
	context.executionCtx.waitUntil(
		call.then(
			() => {},
			() => {},
		),
	);
	return await answeredWithin(milliseconds, TENANT_WORKER, call);
}

/**
 * Passes a stream on, natively and unbuffered. When the client goes away the source is cancelled, and waited for; when the source fails, the
 * answer breaks off.
 */
export function relayed(context: Context<AppEnv>, body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
	const { readable, writable } = new IdentityTransformStream();
	context.executionCtx.waitUntil(body.pipeTo(writable).catch(() => scheduler.wait(CANCEL_GRACE_MS)));
	return readable;
}
