/** Arrays and JSONB through parser, binder, optimizer and engine, statement by statement as PostgreSQL answers. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LocalEngine } from "./local.ts";
import { AGGREGATE_STATEMENTS, ARRAY_STATEMENTS, JSON_STATEMENTS, MALFORMED_PATHS, PATH_STATEMENTS } from "./nested-statements.ts";
import { Oracle } from "./oracle.ts";

const local = new LocalEngine();
let oracle: Oracle;
beforeAll(async () => {
	oracle = await Oracle.start();
});
afterAll(() => oracle.stop());

describe.each([
	["arrays", ARRAY_STATEMENTS],
	["jsonb", JSON_STATEMENTS],
	["aggregates", AGGREGATE_STATEMENTS],
	["paths", PATH_STATEMENTS],
])("%s", (_, statements) => {
	test.each(statements)("%s", async (sql) => {
		expect(await local.query(sql)).toEqual(await oracle.query(sql));
	});
});

test.each(MALFORMED_PATHS)("a malformed path: %s", async (sql) => {
	const [ours, theirs] = [await local.query(sql), await oracle.query(sql)];
	expect(ours.error?.sqlstate).toBe(theirs.error?.sqlstate ?? "no error");
});
