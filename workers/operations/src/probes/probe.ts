/** Asks each service below operations whether it can serve, with its dependencies, and how long that took. */
import { answeredWithin } from "#shared/base/answered-within.ts";
import { PROBE_ANSWER_MS_MAX } from "#shared/base/limits.ts";
import type { ServiceProbe } from "#shared/contracts/rpc.ts";

/** @param ready rejects or hangs when the service cannot serve */
export async function probe(ready: () => Promise<void>): Promise<ServiceProbe> {
	const startedAtMs = Date.now();
	try {
		await answeredWithin(PROBE_ANSWER_MS_MAX, "a service", ready());
		return { status: "ok", latencyMs: Date.now() - startedAtMs };
	} catch {
		return { status: "failed", latencyMs: Date.now() - startedAtMs };
	}
}
