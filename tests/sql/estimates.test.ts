/** What sketches make of predicates, groups and joins: estimates beside the truth, over rows that are skewed, correlated with nothing, and known. */
import { beforeAll, describe, expect, test } from "vitest";
import { TestPlanner } from "./bind/planner.ts";
import { StoredTables } from "./kernels/stored-tables.ts";

const ROW_COUNT = 20_000;

interface Row {
	id: number;
	/** 30% "hot", 10% "warm", the rest spread over 2,000 texts. */
	word: string;
	/** Exponential: most are small. */
	price: number;
	day: number;
	/** NULL for every fourth. */
	code: number | null;
	flag: boolean;
}

const rows: Row[] = Array.from({ length: ROW_COUNT }, (_, id) => {
	const dice = ((id * 7919) % 10_007) / 10_007;
	return {
		id,
		word: dice < 0.3 ? "hot" : dice < 0.4 ? "warm" : `word ${(id * 31) % 2000}`,
		price: Math.floor(-Math.log(1 - ((id * 104_729) % 20_011) / 20_011) * 10_000) / 100,
		day: Math.floor(((id * 48_611) % 20_021) / 20_021 / 0.00274),
		code: id % 4 === 0 ? null : (id * id) % 17,
		flag: id % 50 === 0,
	};
});

const DDL = "CREATE TABLE events (id BIGINT, word TEXT, price NUMERIC(12,2), day DATE, code INTEGER, flag BOOLEAN)";
const planner = new TestPlanner();

/** Each of 1,000 parts is offered by four of 200 suppliers. */
function supplierOf(offer: number): number {
	return (Math.floor(offer / 4) + (offer % 4) * 50) % 200;
}

function dateOf(day: number): string {
	return new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(0, 10);
}

beforeAll(async () => {
	const csv = rows.map(({ id, word, price, day, code, flag }) => [id, word, price, dateOf(day), code ?? "", flag].join(",")).join("\n");
	const stored = new StoredTables(planner);
	await stored.load(DDL, `id,word,price,day,code,flag\n${csv}\n`, Infinity);
	const few = rows.filter(({ id }) => id < 2000).map(({ id, word }) => `${id},${word}`);
	await stored.load("CREATE TABLE words (word_id BIGINT, text TEXT)", `word_id,text\n${few.join("\n")}\n`, Infinity);
	const offers = Array.from({ length: 4000 }, (_, offer) => `${Math.floor(offer / 4)},${supplierOf(offer)}`);
	await stored.load("CREATE TABLE offers (part INTEGER, supplier INTEGER)", `part,supplier\n${offers.join("\n")}\n`, Infinity);
	const sold = Array.from({ length: 10_000 }, (_, sale) => (sale * 7919) % 4000).map(
		(offer) => `${Math.floor(offer / 4)},${supplierOf(offer)}`,
	);
	await stored.load("CREATE TABLE sales (part INTEGER, supplier INTEGER)", `part,supplier\n${sold.join("\n")}\n`, Infinity);
});

async function estimated(sql: string, pick: (kind: string) => boolean): Promise<number> {
	const planned = await planner.plan(sql);
	if (planned.kind !== "query") throw new Error("a query");
	let node: unknown = planned.plan.root;
	while (!pick((node as { kind: string }).kind)) node = (node as { input: unknown }).input;
	return (node as { estimate: { rowCount: number } }).estimate.rowCount;
}

/** How many times too many or too few; a row either way is nothing. */
function factor(estimate: number, truth: number): number {
	return Math.max((estimate + 1) / (truth + 1), (truth + 1) / (estimate + 1));
}

describe("predicates", () => {
	const cases: [string, (row: Row) => boolean, number][] = [
		["word = 'hot'", ({ word }) => word === "hot", 1.1],
		["word = 'warm'", ({ word }) => word === "warm", 1.2],
		["word <> 'hot'", ({ word }) => word !== "hot", 1.1],
		["word = 'word 77'", ({ word }) => word === "word 77", 3],
		["word IN ('hot', 'warm')", ({ word }) => word === "hot" || word === "warm", 1.1],
		["id = 17", ({ id }) => id === 17, 1.1],
		["id < 1000", ({ id }) => id < 1000, 1.4],
		["id >= 15000 AND id < 16000", ({ id }) => id >= 15_000 && id < 16_000, 1.8],
		["price < 50", ({ price }) => price < 50, 1.1],
		["price > 300", ({ price }) => price > 300, 1.4],
		["price BETWEEN 100 AND 200", ({ price }) => price >= 100 && price <= 200, 1.2],
		["day >= DATE '2024-12-01'", ({ day }) => dateOf(day) >= "2024-12-01", 1.3],
		["code = 4", ({ code }) => code === 4, 1.2],
		["code IS NULL", ({ code }) => code === null, 1.01],
		["code <= 8", ({ code }) => code !== null && code <= 8, 1.1],
		["flag", ({ flag }) => flag, 1.2],
		["NOT flag", ({ flag }) => !flag, 1.02],
		["word < 'm'", ({ word }) => word < "m", 1.1],
		["word LIKE 'hot'", ({ word }) => word === "hot", 1.1],
		["word LIKE '%o%t%'", ({ word }) => /o.*t/.test(word), 1.2],
		["word NOT LIKE 'wor%'", ({ word }) => !word.startsWith("wor"), 1.1],
		["word ILIKE 'WA_M'", ({ word }) => word === "warm", 1.3],
		["word LIKE 'word 1%'", ({ word }) => word.startsWith("word 1"), 1.2],
		["word = 'hot' AND code = 4", ({ word, code }) => word === "hot" && code === 4, 1.3],
	];

	test.each(cases)("%s", async (predicate, holds, factorMax) => {
		const estimate = await estimated(`SELECT id FROM events WHERE ${predicate}`, (kind) => kind === "scan");
		expect(factor(estimate, rows.filter(holds).length)).toBeLessThanOrEqual(factorMax);
	});
});

describe("groups", () => {
	test.each([
		["word", ({ word }: Row) => word],
		["code", ({ code }: Row) => String(code)],
		["flag", ({ flag }: Row) => String(flag)],
		["id", ({ id }: Row) => String(id)],
	])("GROUP BY %s", async (column, keyOf) => {
		const estimate = await estimated(`SELECT ${column}, count(*) FROM events GROUP BY ${column}`, (kind) => kind === "hash_aggregate");
		expect(factor(estimate, new Set(rows.map(keyOf)).size)).toBeLessThanOrEqual(1.15);
	});
});

describe("joins", () => {
	test("by a frequent value on both sides, which distinct counts alone miss by far", async () => {
		const counts = new Map<string, number>();
		for (const { id, word } of rows) if (id < 2000) counts.set(word, (counts.get(word) ?? 0) + 1);
		const truth = rows.reduce((sum, { word }) => sum + (counts.get(word) ?? 0), 0);
		const sql = "SELECT id FROM events JOIN words ON word = text";
		const estimate = await estimated(sql, (kind) => kind === "hash_join");
		expect(factor(estimate, truth)).toBeLessThanOrEqual(1.2);
	});

	test("by a key", async () => {
		const estimate = await estimated("SELECT text FROM events JOIN words ON id = word_id", (kind) => kind === "hash_join");
		expect(factor(estimate, 2000)).toBeLessThanOrEqual(1.2);
	});

	test.each([
		[
			"semi joins: half of the keys are there, many times",
			"EXISTS (SELECT FROM sales WHERE sales.part = offers.part AND sales.part < 500)",
			2000,
		],
		["semi joins with groups", "part IN (SELECT part FROM sales WHERE part < 100 GROUP BY part)", 400],
	])("%s", async (_what, predicate, truth) => {
		const estimate = await estimated(`SELECT part FROM offers WHERE ${predicate}`, (kind) => kind === "hash_join");
		expect(factor(estimate, truth)).toBeLessThanOrEqual(1.3);
	});

	test("anti joins: half of the keys are not there, and the others many times", async () => {
		const sql = "SELECT word_id FROM words WHERE NOT EXISTS (SELECT FROM sales WHERE part = word_id)";
		expect(factor(await estimated(sql, (kind) => kind === "hash_join"), 1000)).toBeLessThanOrEqual(1.3);
	});

	test("by a key of two columns, of which each alone says too little", async () => {
		const sql = "SELECT 1 FROM sales JOIN offers ON sales.part = offers.part AND sales.supplier = offers.supplier";
		expect(factor(await estimated(sql, (kind) => kind === "hash_join"), 10_000)).toBeLessThanOrEqual(1.2);
	});
});

test("without sketches, and with damaged ones, plans are made from counts and bounds", async () => {
	const snapshot = planner.tables.get("events");
	if (snapshot === undefined) throw new Error("loaded");
	const { sketches, ...bare } = snapshot;
	const ask = () => estimated("SELECT id FROM events WHERE word = 'hot'", (kind) => kind === "scan");
	try {
		planner.tables.set("events", bare);
		const without = await ask();
		planner.tables.set("events", { ...bare, sketches: (sketches as Uint8Array).slice(0, 100) });
		expect(await ask()).toBe(without);
		expect(without).toBe(100);
	} finally {
		planner.tables.set("events", snapshot);
	}
});
