/** The six Workers with their operations counted and a clock that runs ahead at will. */
import "../../scripts/local/miniflare.ts";
import { join } from "node:path";
import { unstable_readConfig as readConfig } from "wrangler";
import { FLEET, type FleetMember, ROOT } from "../../scripts/fleet.ts";
import type { Littoral } from "../../scripts/local/littoral.ts";
import { type CountedAnswer, type CountedCommand, COUNTED_PATH, type OperationCounts } from "./operations.ts";

/** For `LittoralOptions.entryPoints`. */
export const COUNTED_ENTRIES = Object.fromEntries(
	FLEET.map(({ name }) => [name, join(ROOT, "tests/counted/entries", `${name}.ts`)]),
) as Record<FleetMember["name"], string>;

const MINUTE_MS = 60_000;
/** Counters are pushed to monitoring a quarter of a second after a request, queues deliver within one: real time, which no clock of ours moves. */
const BACKGROUND_MS = 1500;

interface CronTrigger {
	worker: string;
	cron: string;
	everyMinutes: number;
}

function cronTriggers(): CronTrigger[] {
	return FLEET.flatMap(({ configPath }) => {
		const { name, triggers } = readConfig({ config: configPath }) as { name: string; triggers: { crons?: string[] } };
		return (triggers.crons ?? []).map((cron) => ({ worker: name, cron, everyMinutes: minutesBetween(cron) }));
	});
}

function minutesBetween(cron: string): number {
	const [minute, hour] = cron.split(" ") as [string, string];
	const step = (field: string): number => (field === "*" ? 1 : Number(/^\*\/(\d+)$/.exec(field)?.[1] ?? Number.NaN));
	if (hour === "*" && !Number.isNaN(step(minute))) return step(minute);
	if (/^\d+$/.test(minute)) return 60 * (/^\d+$/.test(hour) ? 24 : step(hour));
	throw new Error(`the schedule ${cron} is of no form that this knows`);
}

export class CountedFleet {
	readonly #littoral: Littoral;
	readonly #crons = cronTriggers();
	#aheadMs = 0;

	constructor(littoral: Littoral) {
		this.#littoral = littoral;
	}

	async #each(command: CountedCommand): Promise<CountedAnswer[]> {
		return await Promise.all(
			FLEET.map(async ({ configPath }) => {
				const worker = await this.#littoral.miniflare.getWorker(readConfig({ config: configPath }).name as string);
				const response = await worker.fetch(`http://counted${COUNTED_PATH}`, { method: "POST", body: JSON.stringify(command) });
				return (await response.json()) as CountedAnswer;
			}),
		);
	}

	async reset(): Promise<void> {
		await this.#each({ kind: "reset" });
	}

	/** Of all Workers together, since the last reset. */
	async counts(): Promise<OperationCounts> {
		const sum: OperationCounts = {};
		for (const { counts } of await this.#each({ kind: "read" })) {
			for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
		}
		return sum;
	}

	/** How many alarms stand, by class of object. */
	async alarms(): Promise<Record<string, number>> {
		return Object.assign({}, ...(await this.#each({ kind: "read" })).map(({ alarms }) => alarms)) as Record<string, number>;
	}

	/** Every operation takes so much longer from now on. */
	async delay(ms: number): Promise<void> {
		await this.#each({ kind: "delay", ms });
	}

	/** Minutes go by: alarms ring and crons fire as they fall due. */
	async pass(minutes: number): Promise<void> {
		for (let minute = 0; minute < minutes; minute++) {
			this.#aheadMs += MINUTE_MS;
			await this.#each({ kind: "clock", aheadMs: this.#aheadMs });
			await this.#each({ kind: "alarms" });
			const now = this.#aheadMs / MINUTE_MS;
			for (const { worker, cron, everyMinutes } of this.#crons) {
				if (now % everyMinutes !== 0) continue;
				const target = await this.#littoral.miniflare.getWorker(worker);
				await target.scheduled({ cron, scheduledTime: new Date(Date.now() + this.#aheadMs) });
			}
		}
	}

	/** What requests have left to do in the background is done. */
	async settle(): Promise<void> {
		await new Promise((wake) => setTimeout(wake, BACKGROUND_MS));
	}
}
