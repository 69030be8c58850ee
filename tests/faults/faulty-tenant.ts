/** How tests speak with the tenant Worker's entry with faults (`workers/tenant/test/entry-with-faults.ts`). */
import { join } from "node:path";
import { ROOT } from "../../scripts/fleet.ts";
import type { Littoral } from "../../scripts/local/littoral.ts";

const HOLD_PATH = "faults/hold";

export const FAULTY_TENANT = { tenant: join(ROOT, "workers/tenant/test/entry-with-faults.ts") };

/** The next time that a shard's alarm comes to this step, it stays there for good. */
export async function orderHold(littoral: Littoral, step: string): Promise<void> {
	const bucket = await littoral.miniflare.getR2Bucket("DATA", "littoral-tenant");
	await bucket.put(HOLD_PATH, step);
}

/** What the entry logged, newest last. */
export class FaultLog {
	readonly #lines: string[] = [];

	/** Calls of ports that failed by chance. */
	injectedCount = 0;

	readonly note = (line: string): void => {
		if (!line.startsWith("faults: ")) return;
		if (line.startsWith("faults: injected")) this.injectedCount++;
		else this.#lines.push(line.slice("faults: ".length));
	};

	/** Steps of alarms so far, each once, in the order in which they were first reached. */
	reached(): string[] {
		return [...new Set(this.#lines.filter((line) => line.startsWith("reached ")).map((line) => line.slice("reached ".length)))];
	}

	holds(step: string): boolean {
		return this.#lines.includes(`holding ${step}`);
	}
}
