/**
 * The storage protocol as its code runs it, against a plain model: tables of rows by append. Commands append, flush, fold, compact, drop, create again, change the shard set, collect, let
 * time pass, and crash at any call to the outside. After each step every table holds what the model holds, no live file is missing, and none that a query may still read. At the end of a
 * run, once time has passed and all is collected, no dead byte is left; then the tenant is deleted, and nothing at all is.
 *
 * The seed is printed; `npm run model -- --seed <seed> --steps <steps>` replays it, or goes on for longer.
 */
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { DROPPED_TABLE_MEMORY_MS } from "#shared/base/limits.ts";
import { migrate } from "../../workers/catalog/test/fixture.ts";
import { commands, compare, type Model, progress, type Real } from "./commands.ts";
import { collectToTheEnd, expectNoDeadByte, expectNothingAtAll, expectNothingOverdue } from "./storage.ts";
import { System } from "./system.ts";
import { world } from "./world.ts";

const STEP_COUNT = 2000;
/** At most, a quarter of that in the mean. A run's end, at which all is flushed, collected and deleted, takes as long as a hundred steps. */
const COMMANDS_PER_RUN = 400;
/** What looking for a shorter failing run may take. */
const SHRINK_MS = 60_000;

const settings = env as unknown as { MODEL_SEED: string; MODEL_STEPS: string };
const seed = settings.MODEL_SEED === "" ? 20_261_123 : Number(settings.MODEL_SEED);
const stepCount = settings.MODEL_STEPS === "" ? STEP_COUNT : Number(settings.MODEL_STEPS);

beforeAll(migrate);

async function runOnce(run: Iterable<fc.AsyncCommand<Model, Real>>): Promise<void> {
	const system = await System.open();
	const real: Real = { system, readable: [] };
	const model: Model = { tables: new Map(), appendCount: 0, late: [], shardCount: 1 };
	await fc.asyncModelRun(() => ({ model, real }), run);
	await finish(model, real);
}

/** Everything is flushed, everything is due, and nothing is left that nobody needs. */
async function finish(model: Model, real: Real): Promise<void> {
	const { system } = real;
	world.restart();
	for (let flush = 0; flush < 3; flush++) await system.flush();
	await system.collect();
	await expectNothingOverdue(system.id);
	await collectToTheEnd(system.id);
	await compare(model, real);
	const needed: string[] = [];
	const tableIds = new Set<string>();
	for (const name of model.tables.keys()) {
		const { snapshot, paths } = await system.read(name);
		needed.push(...paths);
		tableIds.add(snapshot.schema.tableId);
	}
	world.clockMs += DROPPED_TABLE_MEMORY_MS;
	await system.work();
	const { directory } = await system.stub(0).readDirectory({ withTails: false });
	expect(Object.keys(directory.minimums).filter((tableId) => !tableIds.has(tableId))).toEqual([]);
	await expectNoDeadByte(system.id, needed);
	await system.delete();
	await expectNothingAtAll(system.id);
}

test(`${stepCount} steps with seed ${seed}`, async () => {
	console.log(`model: seed ${seed}, ${stepCount} steps`);
	let run = 0;
	for (; progress.stepCount < stepCount; run++) {
		await fc.assert(fc.asyncProperty(fc.commands(commands, { maxCommands: COMMANDS_PER_RUN, size: "max" }), runOnce), {
			seed: seed + run,
			numRuns: 1,
			interruptAfterTimeLimit: SHRINK_MS,
		});
	}
	console.log(`model: ${progress.stepCount} steps in ${run} runs, ${world.crashCount} crashes, ${JSON.stringify([...progress.byCommand])}`);
	expect(world.crashCount).toBeGreaterThan(stepCount / 50);
});
