/** Scalar expressions here and in PostgreSQL (PGlite): type, text, SQLSTATE and message have to agree, for constants and for columns. */
import { castContext } from "#shared/contracts/functions/casts.ts";
import type { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEngine } from "../kernels/kernels.ts";
import { type Case, ours, oursInColumns, type Outcome, postgres, typeOf } from "./oracle.fixture.ts";
import { NESTED_CASE_GROUPS } from "./nested-cases.fixture.ts";
import { CASE_GROUPS, castCases } from "./oracle-cases.fixture.ts";
import { FUNCTION_CASE_GROUPS } from "./function-cases.fixture.ts";
import { startPostgres } from "../../../tests/postgres.ts";

let database: PGlite;
const engine = createEngine({ pageCount: 64 });

beforeAll(async () => {
	database = await startPostgres();
	await database.exec("set timezone = 'UTC'");
}, 60_000);
afterAll(() => database.close());

/**
 * Where Littoral cannot do as PostgreSQL does (invariant E1): NUMERIC ends at 38 digits and has no NaN, times have no infinity, and
 * timestamps end in the year 294247, where 64 bits of microseconds since 1970 do.
 */
function isKnownLimit(ourOutcome: Outcome, theirs: Outcome): boolean {
	if (ourOutcome.error === "22003: value overflows numeric format") return (theirs.text ?? "").replace(/\D/g, "").length > 38;
	if (ourOutcome.error === "22008: timestamp out of range") return /^29424[78]-/.test(theirs.text ?? "");
	if (ourOutcome.error?.startsWith("0A000: ") === true) return /infinity|NaN/i.test(theirs.text ?? "");
	return false;
}

async function compare(cases: Case[]): Promise<string[]> {
	const differences: string[] = [];
	for (const { expression, sql } of cases) {
		const theirs = await postgres(database, sql);
		for (const evaluate of [ours, oursInColumns]) {
			const outcome = evaluate(engine, expression);
			if (JSON.stringify(outcome) === JSON.stringify(theirs) || isKnownLimit(outcome, theirs)) continue;
			differences.push(`${sql}\n  ${evaluate.name}: ${JSON.stringify(outcome)}\n  postgres: ${JSON.stringify(theirs)}`);
			break;
		}
	}
	return differences;
}
test.each(Object.entries({ ...CASE_GROUPS, ...NESTED_CASE_GROUPS, ...FUNCTION_CASE_GROUPS }))(
	"%s",
	async (_, cases) => {
		expect(await compare(cases)).toEqual([]);
	},
	60_000,
);

test("casts", async () => {
	const cases = castCases((from, to) => castContext(from, typeOf(to)) !== null);
	expect(await compare(cases)).toEqual([]);
}, 60_000);
