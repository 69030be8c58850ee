/**
 * The tenant Worker as the tests of faults run it: the product behind ports that fail by chance or hold a step for good, with shards that flush and
 * purge within a second. `LittoralOptions.entryPoints` puts it in the place of `src/index.ts`; the product knows nothing of it.
 *
 * FAULT_CHANCE (a text binding): the probability with which a call of a port fails, drawn from FAULT_SEED. The object {@link HOLD_PATH} in R2 orders one step to be held:
 * `<step> <before|after>`; it is removed when that step is reached, so that nothing is held after a restart.
 * TEST_MODES (a text binding): JSON of the engine's `TestModes`, e.g. `{"spillAlways":true}`, in which every query runs.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { env } from "cloudflare:workers";
import { Random } from "../../../tests/sql/random.ts";
import { installTestModes } from "../src/engine-session.ts";
import { installPortWrapper, type Ports } from "../src/ports.ts";
import { TenantShard as ProductShard } from "../src/shard/tenant-shard.ts";
import type { AppendOutcome, AppendRequest } from "../src/shard/contract.ts";
import type { Env } from "../src/env.ts";
import type { TestModes } from "#shared/engine/operators/execution-context.ts";

export { default, TenantService } from "../src/index.ts";

/** Asks nobody: it can be held, but no answer of it is ever lost. */
const ENCODE = "ports.encodeDataFile";
const HOLD_PATH = "faults/hold";
const FLUSH_DELAY_MS = 400;
const PURGE_DELAY_MS = 600;
/** Longer than any test. */
const HOLD_MS = 600_000;
const LATE_MS_MAX = 300;

const { TEST_MODES = "{}" } = env as { TEST_MODES?: string };
installTestModes(() => JSON.parse(TEST_MODES) as TestModes);

const { FAULT_CHANCE = "0", FAULT_SEED = "0" } = env as { FAULT_CHANCE?: string; FAULT_SEED?: string };
const faultChance = Number(FAULT_CHANCE);
/** Which call meets which draw is left to the order in which they come. */
const random = new Random(Number(FAULT_SEED));
const { DATA } = env as unknown as Env;
/** Set within the work of an alarm or a change of the shard set: only its steps are held. */
const working = new AsyncLocalStorage<true>();

/** Never returns when this is the step to hold. */
async function pass(step: string, when: "before" | "after"): Promise<void> {
	if (working.getStore() === undefined) return;
	if (when === "before") console.log(`faults: reached ${step}`);
	const order = await DATA.get(HOLD_PATH);
	if ((await order?.text()) !== `${step} ${when}`) return;
	await DATA.delete(HOLD_PATH);
	console.log(`faults: holding ${step} ${when}`);
	await scheduler.wait(HOLD_MS);
}

/** Fails before it did anything; after, when the answer is lost; or now, and does it all the same a little later. */
async function attempt<Answer>(step: string, call: () => Promise<Answer>): Promise<Answer> {
	if (step === ENCODE || !random.chance(faultChance)) return call();
	console.log(`faults: injected ${step}`);
	const failure = random.below(3);
	if (failure === 0) throw new Error(`injected: ${step} fails before`);
	if (failure === 1) {
		const late = scheduler.wait(random.below(LATE_MS_MAX)).then(call);
		late.catch(() => {});
		throw new Error(`injected: ${step} fails now and is done later`);
	}
	await call();
	throw new Error(`injected: the answer of ${step} is lost`);
}

function wrapped<Port extends object>(name: string, port: Port): Port {
	const methods = Object.entries(port).map(([method, call]) => {
		const step = `${name}.${method}`;
		const wrapper = async (...input: unknown[]) => {
			await pass(step, "before");
			const answer = await attempt(step, async () => (call as (...input: unknown[]) => unknown)(...input));
			await pass(step, "after");
			return answer;
		};
		return [method, wrapper];
	});
	return Object.fromEntries(methods) as Port;
}

installPortWrapper(
	(ports): Ports => ({
		...ports,
		...wrapped("ports", { encodeDataFile: ports.encodeDataFile }),
		catalog: wrapped("catalog", ports.catalog),
		optimizer: wrapped("optimizer", ports.optimizer),
		signals: wrapped("signals", ports.signals),
		objects: wrapped("objects", ports.objects),
		shard: (tenantId, ordinal, location) => wrapped("shard", ports.shard(tenantId, ordinal, location)),
	}),
);

/** Brings the product's own due times forward; what is done then is the product's. */
export class TenantShard extends ProductShard {
	override async append(request: AppendRequest): Promise<AppendOutcome> {
		const outcome = await super.append(request);
		await this.#hasten("flush", FLUSH_DELAY_MS);
		return outcome;
	}

	override async changeShards(...input: Parameters<ProductShard["changeShards"]>): ReturnType<ProductShard["changeShards"]> {
		return await working.run(true, async () => await super.changeShards(...input));
	}

	override async alarm(): Promise<void> {
		await working.run(true, async () => {
			const kinds = this.ctx.storage.sql
				.exec("SELECT DISTINCT kind FROM schedule WHERE due_ms <= ? ORDER BY kind", Date.now())
				.toArray()
				.map((row) => String(row["kind"]));
			for (const kind of kinds) await pass(`work.${kind}`, "before");
			await super.alarm();
			for (const kind of kinds) await pass(`work.${kind}`, "after");
		});
		await this.#hasten("purge", PURGE_DELAY_MS);
	}

	async #hasten(kind: string, delayMs: number): Promise<void> {
		const { sql } = this.ctx.storage;
		if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'schedule'").toArray().length === 0) return;
		const dueMs = Date.now() + delayMs;
		if (sql.exec("UPDATE schedule SET due_ms = ? WHERE kind = ? AND due_ms > ?", dueMs, kind, dueMs).rowsWritten === 0) return;
		const { due } = sql.exec<{ due: number }>("SELECT min(due_ms) AS due FROM schedule").one();
		await this.ctx.storage.setAlarm(due);
	}
}
