/** What a SELECT may have, statement by statement: names, types, rows and SQLSTATEs are PostgreSQL's, with every rule of the optimizer, without each, and without any. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { difference } from "../answers.ts";
import { TestPlanner } from "../bind/planner.ts";
import { StoredTables } from "../kernels/stored-tables.ts";
import { Oracle } from "../oracle.ts";
import { RULE_SETS } from "../rule-sets.ts";
import { localAnswer } from "./local-answers.ts";
import {
	AGGREGATES,
	CATALOG,
	CONJUNCTS,
	GROUPING,
	JOINS,
	RECURSION,
	SET_OPERATIONS,
	SUBQUERIES,
	TABLE_FUNCTIONS,
	WINDOWS,
	WITH,
} from "./statements.ts";
import { TABLES } from "./tables.ts";

const stored = new StoredTables(new TestPlanner());
let oracle: Oracle;

beforeAll(async () => {
	oracle = await Oracle.start();
	for (const { name, ddl, csv } of TABLES) {
		await stored.load(ddl, csv);
		await oracle.exec(ddl);
		await oracle.copy(name, csv.slice(csv.indexOf("\n") + 1));
	}
});
afterAll(async () => await oracle.stop());

const SUBJECTS: [string, readonly string[]][] = [
	["subqueries", SUBQUERIES],
	["joins", JOINS],
	["set operations", SET_OPERATIONS],
	["grouping", GROUPING],
	["WITH", WITH],
	["windows", WINDOWS],
	["functions that return rows", TABLE_FUNCTIONS],
	["recursion", RECURSION],
	["ordered aggregates", AGGREGATES],
	["system tables", CATALOG],
];

describe.each(SUBJECTS)("%s", (_subject, statements) => {
	test.each(statements)("%s", async (sql) => {
		const expected = await oracle.query(sql);
		const ordered = / ORDER BY [^)]*$/.test(sql);
		const actual = await localAnswer(stored, sql);
		expect(difference(sql, actual, expected, ordered)).toBeNull();
		for (const [name, disabled] of RULE_SETS) {
			const answer = await localAnswer(stored, sql, { disabled, regardlessOfCost: true });
			expect(difference(sql, answer, expected, ordered), `without ${name}`).toBeNull();
		}
	});
});

describe("conjuncts that may raise", () => {
	const disabled = new Set([...RULE_SETS.keys()].filter((name) => name !== "every rule" && name !== "order-conjuncts"));

	test.each(CONJUNCTS)("%s", async (sql) => {
		const expected = await oracle.query(sql);
		expect(difference(sql, await localAnswer(stored, sql), expected, false)).toBeNull();
		expect(difference(sql, await localAnswer(stored, sql, { disabled }), expected, false), "without every other rule").toBeNull();
	});
});
