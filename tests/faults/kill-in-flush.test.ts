/**
 * SIGKILL at each step of a flush, before it and after it, from the alarm to the purge: a barrier holds the step until the process is dead. The steps are
 * those that an undisturbed flush is seen to take, so a new one is killed at too.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LittoralClient } from "../../scripts/client.ts";
import { FaultLog, FAULTY_TENANT, orderHold } from "./faulty-tenant.ts";
import { KillableLittoral } from "./killable.ts";

const log = new FaultLog();
let littoral: KillableLittoral;
let client: LittoralClient;
/** Appends of two rows each that were acknowledged. */
let appendCount = 0;

beforeAll(async () => {
	littoral = await KillableLittoral.start({ entryPoints: FAULTY_TENANT, onLog: log.note });
	client = await littoral.newTenant("flush");
	await client.execute("CREATE TABLE log (number INTEGER, part INTEGER) WITH (sort_key = 'number')");
});

afterAll(async () => {
	await littoral.stop();
});

async function append(): Promise<void> {
	const number = appendCount;
	await client.append("log", JSON.stringify([0, 1].map((part) => ({ number, part }))));
	appendCount++;
}

async function expectEveryRowOnce(when: string): Promise<void> {
	const { rows } = await client.query("SELECT number, count(*), sum(part) FROM log GROUP BY number ORDER BY number");
	expect(rows, when).toEqual(Array.from({ length: appendCount }, (_, number) => [number, 2, 1]));
}

async function allFlushed(): Promise<void> {
	await expect
		.poll(async () => (await client.json<{ tail_rows: number }>("/v1/tables/log")).tail_rows, { timeout: 20_000, interval: 100 })
		.toBe(0);
}

test("killed at each step of a flush: every acknowledged row once, before the flush is finished and after", async () => {
	await append();
	await allFlushed();
	await expect.poll(() => log.reached(), { timeout: 10_000 }).toContain("work.purge");
	const steps = log.reached();
	expect(steps).toEqual(["work.flush", "catalog.readSnapshots", "ports.encodeDataFile", "objects.putNew", "catalog.commit", "work.purge"]);
	for (const step of steps.flatMap((name) => [`${name} before`, `${name} after`])) {
		await orderHold(littoral.littoral, step);
		await append();
		await expect.poll(() => log.holds(step), { timeout: 20_000, interval: 20, message: step }).toBe(true);
		// Rows that the flush under way does not take: whoever resumes it must not either.
		await append();
		await littoral.killAndRestart();
		await expectEveryRowOnce(`killed at ${step}`);
		// The schedule is resumed from what was durable, also beside new rows.
		await append();
		await allFlushed();
		await expectEveryRowOnce(`flushed after a kill at ${step}`);
	}
	expect((await client.json<{ row_count: number }>("/v1/tables/log")).row_count).toBe(appendCount * 2);
}, 240_000);
