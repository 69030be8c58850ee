/** Asks each service below operations whether it can serve, with its dependencies, and how long that took. */
import type { ServiceProbe } from "#shared/contracts/rpc.ts";

/** A service that has not answered by then has failed. */
const PROBE_TIMEOUT_MS = 5000;

/** @param ready rejects or hangs when the service cannot serve */
export async function probe(ready: () => Promise<void>): Promise<ServiceProbe> {
	const startedAtMs = Date.now();
	let timer: ReturnType<typeof setTimeout> | null = null;
	const timeout = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error("timed out")), PROBE_TIMEOUT_MS);
	});
	try {
		await Promise.race([ready(), timeout]);
		return { status: "ok", latencyMs: Date.now() - startedAtMs };
	} catch {
		return { status: "failed", latencyMs: Date.now() - startedAtMs };
	} finally {
		clearTimeout(timer);
	}
}
