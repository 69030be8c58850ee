/**
 * Random schemas, rows and queries, against PostgreSQL: names, types, values, order under ORDER BY, and SQLSTATE where a statement is refused. What differs is made small, and printed as
 * records for `tests/slt/features`.
 *
 * Set aside and counted are a query that may raise for a value, where only one side does (both are free to, by their plans), and one that Littoral says it does not support.
 * `npm run fuzz` asks more (QUERIES), from a seed of its own (SEED, see `tests/seed.ts`).
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { SEED } from "../seed.ts";
import { Oracle, type TextAnswer } from "../sql/oracle.ts";
import { Random } from "../sql/random.ts";
import { difference } from "../sql/answers.ts";
import { DirectLittoral, type Placement } from "../slt/direct.ts";
import { recordText } from "../slt/features.ts";
import { type FuzzQuery, randomQuery } from "./query.ts";
import { type Find, shrink } from "./shrink.ts";
import { type FuzzTable, randomTables, statementsOf } from "./tables.ts";

const QUERY_COUNT = Number(process.env["QUERIES"] ?? 1000);
const QUERIES_PER_SCHEMA = 50;
const SET_ASIDE_FRACTION_MAX = 0.05;
/** A cause is found again and again: these are made small, the others are only counted. */
const FIND_COUNT_MAX = 3;

let oracle: Oracle;
beforeAll(async () => {
	oracle = await Oracle.start();
});
afterAll(() => oracle.stop());

const setUpOf = ({ tables }: Pick<Find, "tables">): string[] => tables.flatMap(statementsOf);

/** Both sides over the tables of finds; set up anew where those change. */
class BothSides {
	readonly #placement: Placement;
	#littoral: DirectLittoral;
	#tables: FuzzTable[] = [];

	constructor(placement: Placement) {
		this.#placement = placement;
		this.#littoral = new DirectLittoral(placement);
	}

	async answer(find: Find): Promise<{ actual: TextAnswer; expected: TextAnswer }> {
		if (find.tables !== this.#tables) {
			this.#tables = find.tables;
			this.#littoral = new DirectLittoral(this.#placement);
			await oracle.reset();
			for (const sql of setUpOf(find)) {
				await this.#littoral.execute(sql);
				await oracle.query(sql);
			}
		}
		return { actual: await this.#littoral.execute(find.sql), expected: await oracle.query(find.sql) };
	}
}

/** What differs, without what changes as a find gets smaller. */
function kindOf(sql: string, actual: TextAnswer, expected: TextAnswer): string | null {
	const found = difference(sql, actual, expected, false);
	if (found === null) return null;
	if (!actual.error && !expected.error) return found.split(" ")[0] as string;
	const message = (actual.error ?? expected.error)?.message.replaceAll(/"[^"]*"|\d+/g, "…");
	return `${actual.error?.sqlstate} ${expected.error?.sqlstate} ${message}`;
}

/** Records that show a find, as small as it gets; as it is where only its order is wrong. */
async function recordsOf(find: Find, placement: Placement): Promise<string> {
	const both = new BothSides(placement);
	const small = await shrink(find, async (candidate) => {
		const { actual, expected } = await both.answer(candidate);
		return kindOf(candidate.sql, actual, expected);
	});
	const { expected } = await both.answer(small);
	const records = setUpOf(small).map((sql) => `statement ok\n${sql}\n`);
	return [...records, recordText({ kind: "query", sql: small.sql, sort: "rowsort" }, expected)].join("\n");
}

const NOT_SUPPORTED = "0A000";

/** Class 22, data exceptions: they depend on the values that a plan meets. */
const isValueError = (sqlstate: string | undefined): boolean => sqlstate?.startsWith("22") ?? false;

/** @returns what is wrong, null where nothing is, undefined where it is set aside */
function judge({ sql, ordered, mayRaise }: FuzzQuery, actual: TextAnswer, expected: TextAnswer): string | null | undefined {
	if (actual.error?.sqlstate === NOT_SUPPORTED && expected.error === undefined) return undefined;
	const raisedCount = [actual, expected].filter(({ error }) => error !== undefined).length;
	if (mayRaise && raisedCount > 0 && isValueError(actual.error?.sqlstate ?? expected.error?.sqlstate))
		return raisedCount === 1 ? undefined : null;
	// Sums of intervals can be equal in different words.
	const hasInterval = expected.columns.some(({ type }) => type === "interval");
	// Of equal numbers in different words, which one a group or DISTINCT shows is not promised.
	const merges = /DISTINCT|GROUP BY|UNION|INTERSECT|EXCEPT/.test(sql);
	const [left, right] = merges ? [withoutZeros(actual), withoutZeros(expected)] : [actual, expected];
	return difference(sql, left, right, ordered && !hasInterval);
}

/** NUMERIC as if all of it had been written with as few digits as it needs. */
function withoutZeros(answer: TextAnswer): TextAnswer {
	const short = (value: string): string => (value.includes(".") ? value.replace(/\.?0+$/, "") : value);
	const isNumeric = answer.columns.map(({ type }) => type === "numeric");
	return {
		...answer,
		rows: answer.rows.map((row) => row.map((value, column) => (value !== null && isNumeric[column] ? short(value) : value))),
	};
}

test(`${QUERY_COUNT} random queries from seed ${SEED} answer as PostgreSQL does`, async () => {
	process.stdout.write(`fuzz: SEED=${SEED} QUERIES=${QUERY_COUNT}\n`);
	const finds: { find: Find; placement: Placement; seed: number; found: string }[] = [];
	const notSupported = new Set<string>();
	let setAside = 0;
	for (let start = 0; start < QUERY_COUNT; start += QUERIES_PER_SCHEMA) {
		const seed = SEED + start;
		const random = new Random(seed);
		const tables = randomTables(random);
		const placement = random.pick<Placement>(["tail", "files", "mixed"]);
		const littoral = new DirectLittoral(placement);
		await oracle.reset();
		for (const sql of setUpOf({ tables })) {
			expect(difference(sql, await littoral.execute(sql), await oracle.query(sql), false), `SEED=${seed}: ${sql}`).toBeNull();
		}
		for (let index = 0; index < Math.min(QUERIES_PER_SCHEMA, QUERY_COUNT - start); index++) {
			const query = randomQuery(random, tables);
			const [actual, expected] = [await littoral.execute(query.sql), await oracle.query(query.sql)];
			const found = judge(query, actual, expected);
			if (actual.error?.sqlstate === NOT_SUPPORTED) notSupported.add(actual.error.message);
			if (found === undefined) setAside++;
			else if (found !== null) {
				process.stdout.write(`fuzz: SEED=${seed}: ${query.sql}\n  => ${found.slice(0, 300)}\n`);
				finds.push({ find: { tables, sql: query.sql }, placement, seed, found });
			}
			expect(littoral.leasedPageCount).toBe(0);
		}
	}
	for (const message of notSupported) process.stdout.write(`fuzz: ${message}\n`);
	const reports: string[] = [];
	for (const { find, placement, seed, found } of finds.slice(0, FIND_COUNT_MAX)) {
		reports.push(`# SEED=${seed}, rows in ${placement}: ${found.slice(0, 300)}\n# ${find.sql}\n\n${await recordsOf(find, placement)}`);
	}
	const others = finds.slice(FIND_COUNT_MAX).map(({ seed, found, find }) => `# SEED=${seed}: ${find.sql}\n#   ${found.slice(0, 200)}`);
	expect([...reports, ...others].join("\n\n")).toBe("");
	expect(setAside).toBeLessThanOrEqual(QUERY_COUNT * SET_ASIDE_FRACTION_MAX);
}, 3_600_000);
