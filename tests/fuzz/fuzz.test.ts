/**
 * Random schemas, rows and queries, against PostgreSQL: names, types, values, order under ORDER BY, and SQLSTATE where a statement is refused.
 *
 * A query that may raise for a value may do so in one plan and not in another: then it is enough that both raise; where only one does, it is set aside and counted.
 * `npm run fuzz` asks more (QUERIES), from a seed of its own (SEED, see `tests/seed.ts`).
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Oracle } from "../sql/oracle.ts";
import { SEED } from "../seed.ts";
import { Random } from "../sql/random.ts";
import { difference } from "../sql/answers.ts";
import { DirectLittoral, type Placement } from "../slt/direct.ts";
import { randomQuery } from "./query.ts";
import { randomTables } from "./tables.ts";

const QUERY_COUNT = Number(process.env["QUERIES"] ?? 1000);
const QUERIES_PER_SCHEMA = 50;
const SET_ASIDE_FRACTION_MAX = 0.05;

let oracle: Oracle;
beforeAll(async () => {
	oracle = await Oracle.start();
});
afterAll(() => oracle.stop());

test(`${QUERY_COUNT} random queries from seed ${SEED} answer as PostgreSQL does`, async () => {
	const wrong: string[] = [];
	let setAside = 0;
	for (let start = 0; start < QUERY_COUNT; start += QUERIES_PER_SCHEMA) {
		const seed = SEED + start;
		const random = new Random(seed);
		const tables = randomTables(random);
		const littoral = new DirectLittoral(random.pick<Placement>(["tail", "files", "mixed"]));
		await oracle.reset();
		const setUp = tables.flatMap(({ statements }) => statements);
		for (const sql of setUp) {
			const found = difference(sql, await littoral.execute(sql), await oracle.query(sql), false);
			if (found !== null) wrong.push(`SEED=${seed}: ${sql}\n  ${found}`);
		}
		for (let index = 0; index < Math.min(QUERIES_PER_SCHEMA, QUERY_COUNT - start); index++) {
			const { sql, ordered, mayRaise } = randomQuery(random, tables);
			const [actual, expected] = [await littoral.execute(sql), await oracle.query(sql)];
			const oneRaised = (actual.error === undefined) !== (expected.error === undefined);
			if (mayRaise && (oneRaised || (actual.error && expected.error)) && isValueError(actual.error?.sqlstate ?? expected.error?.sqlstate)) {
				if (oneRaised) setAside++;
				continue;
			}
			// Sums of intervals can be equal in different words.
			const hasInterval = expected.columns.some(({ type }) => type === "interval");
			const found = difference(sql, actual, expected, ordered && !hasInterval);
			if (found !== null) wrong.push(`SEED=${seed}: ${sql}\n  => ${found.slice(0, 400)}`);
			expect(littoral.leasedPageCount).toBe(0);
		}
	}
	expect(wrong.join("\n\n")).toBe("");
	expect(setAside).toBeLessThanOrEqual(QUERY_COUNT * SET_ASIDE_FRACTION_MAX);
}, 3_600_000);

/** Class 22, data exceptions: they depend on the values that a plan meets. */
const isValueError = (sqlstate: string | undefined): boolean => sqlstate?.startsWith("22") ?? false;
