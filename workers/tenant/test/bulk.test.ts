/** The bulk path: claims, seals, commits and their repetitions; each of their steps fails in each way (W1, W2, W3, Q2). */
import { beforeEach, expect, test } from "vitest";
import { isLittoralError } from "#shared/base/errors.ts";
import { rendezvous } from "#shared/base/hash.ts";
import type { AppendId, CommitId } from "#shared/base/ids.ts";
import { APPEND_ID_TTL_MS, BULK_CLAIM_MS } from "#shared/base/limits.ts";
import { appendRows, type Appended } from "../src/ingest/append-rows.ts";
import type { EncodedBatch } from "../src/ingest/batches.ts";
import { FAILURES, ports, Tenant, world } from "./world.ts";

const LARGE = "x".repeat(3_000_000);
/** More than one append may have, less than two. */
const BATCH_COUNT = 3;

let tenant: Tenant;
beforeEach(async () => {
	tenant = await Tenant.open();
});

interface BulkOptions {
	hash?: string;
	/** The body turns out to be bad after this many batches. */
	badAfter?: number;
	/** Happens while the body is read. */
	meanwhile?: () => Promise<void>;
}

async function* batches(id: string, { badAfter, meanwhile }: Required<BulkOptions>): AsyncGenerator<EncodedBatch, void, undefined> {
	for (let index = 0; index < BATCH_COUNT; index++) {
		if (index === badAfter) throw Object.assign(new Error("bad row"), { name: "LittoralError", code: "invalid_rows" });
		yield { bytes: new TextEncoder().encode(`${id}:${index}:${LARGE}`), rowCount: 1 };
	}
	await meanwhile();
}

async function bulk(id: string, options: BulkOptions = {}): Promise<Appended> {
	const { hash = "hash", badAfter = BATCH_COUNT, meanwhile = async () => {} } = options;
	const schema = world.catalog.tables.get(tenant.table)?.schema;
	if (schema === undefined) throw new Error("no table");
	return appendRows(ports, {
		tenantId: tenant.id,
		schema,
		appendId: id as AppendId,
		batches: batches(id, { hash, badAfter, meanwhile }),
		hash: async () => hash,
	});
}

async function codeOf(call: () => Promise<unknown>): Promise<string> {
	try {
		await call();
		return "ok";
	} catch (error) {
		return isLittoralError(error) ? error.code : String(error);
	}
}

const shown = async () => (await tenant.read()).map((row) => row.slice(0, row.lastIndexOf(":")));
const rowsOf = (id: string) => Array.from({ length: BATCH_COUNT }, (_, index) => `${id}:${index}`);

test("a bulk append is one commit, raises the minimum first, and its repetition is a duplicate", async () => {
	const { result, duplicate } = await bulk("big");
	expect({ ...result, duplicate }).toEqual({ rowCount: 3, shard: 0, sequence: 0, snapshotVersion: 1, duplicate: false });
	expect((await tenant.directory()).minimums[tenant.table]).toEqual({ schemaVersion: 0, snapshotVersion: 1 });
	expect((await bulk("big")).duplicate).toBe(true);
	expect(await codeOf(() => bulk("big", { hash: "other" }))).toBe("idempotency_key_reused");
	expect(await shown()).toEqual(rowsOf("big"));
	expect(await tenant.sql(0, "SELECT appended_rows FROM shard")).toEqual([{ appended_rows: 3 }]);
});

test("a bad row at the end leaves nothing, and the key is free at once", async () => {
	expect(await codeOf(() => bulk("big", { badAfter: 2 }))).toBe("invalid_rows");
	expect(await shown()).toEqual([]);
	expect(await codeOf(() => bulk("big"))).toBe("ok");
	expect(await shown()).toEqual(rowsOf("big"));
});

test("another claimant meets in_progress; a small append of the id too", async () => {
	world.inject = (step) => (step === "objects.putNew" ? "before" : null);
	const [first, second] = await Promise.all([codeOf(() => bulk("big")), codeOf(() => bulk("big"))]);
	expect([first, second].toSorted()).toEqual(["in_progress", "unavailable"]);
	world.inject = () => null;
	expect(await codeOf(() => bulk("big"))).toBe("ok");
});

test("an expired claim whose commit arrived is acknowledged from the catalog", async () => {
	let lost = 0;
	world.inject = (step) => (step === "catalog.commit" && lost++ < 8 ? "lost" : null);
	expect(await codeOf(() => bulk("big"))).toBe("unavailable");
	world.inject = () => null;
	expect(await codeOf(() => bulk("big"))).toBe("in_progress");
	world.clockMs += BULK_CLAIM_MS + 1;
	expect(await codeOf(() => bulk("big", { hash: "other" }))).toBe("idempotency_key_reused");
	const { result, duplicate } = await bulk("big");
	expect({ ...result, duplicate }).toEqual({ rowCount: 3, shard: 0, sequence: 0, snapshotVersion: 1, duplicate: true });
	expect((await tenant.directory()).minimums[tenant.table]?.snapshotVersion).toBe(1);
	expect(await shown()).toEqual(rowsOf("big"));
});

test("an expired claim that committed nothing is granted again under its commit id; the late first commit doubles nothing", async () => {
	let calls = 0;
	world.inject = (step) => (step === "catalog.commit" && calls++ < 4 ? "before" : null);
	expect(await codeOf(() => bulk("big"))).toBe("unavailable");
	world.clockMs += BULK_CLAIM_MS + 1;
	expect((await bulk("big")).duplicate).toBe(false);
	const [commitId] = [...world.catalog.commits.keys()].slice(-1);
	await world.catalog.commit({
		tenantId: tenant.id,
		tableId: tenant.table,
		commitId: commitId as CommitId,
		change: { kind: "bulk", files: [] },
	});
	expect(await shown()).toEqual(rowsOf("big"));
});

test("a claim holds through a change of the shard set", async () => {
	let calls = 0;
	world.inject = (step) => (step === "catalog.commit" && calls++ < 4 ? "before" : null);
	const ids = ["p", "q", "r", "s"];
	expect(await codeOf(() => bulk("p"))).toBe("unavailable");
	while (!(await tenant.stub(0).changeShards(3)).settled);
	expect(await codeOf(() => bulk("p"))).toBe("in_progress");
	world.clockMs += BULK_CLAIM_MS + 1;
	for (const id of ids) expect((await bulk(id)).duplicate).toBe(false);
	while (!(await tenant.stub(0).changeShards(2)).settled);
	for (const id of ids) expect((await bulk(id)).duplicate).toBe(true);
	expect(await shown()).toEqual(ids.flatMap(rowsOf).toSorted());
}, 30_000);

test("a claim that expired in a former owner is never sealed: one key, one set of rows", async () => {
	const id = ["p", "q", "r", "s", "t"].find((candidate) => rendezvous(candidate, [0, 1, 2]) !== 0) as string;
	const meanwhile = async () => {
		while (!(await tenant.stub(0).changeShards(3)).settled);
		world.clockMs += BULK_CLAIM_MS + 1;
		expect(await codeOf(() => bulk(id, { hash: "other" }))).toBe("ok");
	};
	expect(await codeOf(() => bulk(id, { meanwhile }))).toBe("conflict");
	expect(await codeOf(() => bulk(id))).toBe("idempotency_key_reused");
	expect((await bulk(id, { hash: "other" })).duplicate).toBe(true);
	expect(await shown()).toEqual(rowsOf(id));
}, 30_000);

/** Late in the id's 24 hours, counted from the acknowledgement. */
async function expectStillKnown(id: string): Promise<void> {
	world.clockMs += APPEND_ID_TTL_MS - 60_000;
	expect((await bulk(id)).duplicate).toBe(true);
	expect(await shown()).toEqual(rowsOf(id));
}

test.each(["shard.sealClaim", "shard.finishClaim"])(
	"%s past the claim's time in a former owner is refused, and the repetition is known for 24 hours",
	async (late) => {
		const id = ["p", "q", "r", "s", "t"].find((candidate) => rendezvous(candidate, [0, 1, 2]) !== 0) as string;
		const meanwhile = async () => {
			while (!(await tenant.stub(0).changeShards(3)).settled);
		};
		world.pauseAt = async (step) => {
			if (step !== late) return;
			world.pauseAt = async () => {};
			world.clockMs += 2 * BULK_CLAIM_MS + 1;
		};
		expect(await codeOf(() => bulk(id, { meanwhile }))).toBe("unavailable");
		expect((await bulk(id)).duplicate).toBe(late === "shard.finishClaim");
		await expectStillKnown(id);
	},
	30_000,
);

const WHEN_DELETED = ["objects.putNew", "shard.sealClaim", "catalog.commit", "shard.raiseMinimum", "shard.finishClaim"];
test.each(WHEN_DELETED)("a tenant that is deleted before a bulk append's %s is gone for its client, and stays gone", async (before) => {
	let deletion: Promise<void> | null = null;
	world.pauseAt = async (step) => {
		if (step !== before || deletion !== null) return;
		deletion = (async () => {
			await tenant.stub(0).setTenantState("deleting");
			while (!(await tenant.stub(0).deleteTenant()).done);
		})();
		await deletion;
	};
	expect(await codeOf(() => bulk("big"))).toBe("tenant_not_found");
	world.pauseAt = async () => {};
	expect(deletion).not.toBeNull();
	expect(await tenant.sql(0, "SELECT count(*) AS tables FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")).toEqual([
		{ tables: 0 },
	]);
});

const STEPS = [
	"shard.readDirectory",
	"shard.claim",
	"objects.putNew",
	"shard.sealClaim",
	"catalog.commit",
	"shard.raiseMinimum",
	"shard.finishClaim",
];
for (const step of STEPS) {
	for (const failure of FAILURES) {
		{
			const times = 4;
			test(`bulk: ${step} fails ${failure}: repeated until acknowledged, every row once`, async () => {
				let left = times;
				world.inject = (called) => (called === step && left-- > 0 ? failure : null);
				for (let attempt = 0; ; attempt++) {
					const code = await codeOf(() => bulk("big"));
					if (code === "ok") break;
					expect(["unavailable", "in_progress"]).toContain(code);
					expect(attempt).toBeLessThan(4);
					world.clockMs += BULK_CLAIM_MS + 1;
				}
				expect(left).toBeLessThan(times);
				expect((await tenant.directory()).minimums[tenant.table]?.snapshotVersion).toBe(1);
				expect(await shown()).toEqual(rowsOf("big"));
				expect((await bulk("big")).duplicate).toBe(true);
			});
		}
	}
}
