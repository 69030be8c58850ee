/** What PostgreSQL refuses is refused with its SQLSTATE, message and position. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Oracle } from "../oracle.ts";
import { BAD_SELECT } from "./bad-select.ts";
import { BAD } from "./bad.ts";
import { TestPlanner } from "./planner.ts";
import { TABLES } from "./schema.ts";

describe("errors", () => {
	const planner = new TestPlanner();
	let oracle: Oracle;
	beforeAll(async () => {
		oracle = await Oracle.start();
		for (const table of TABLES) {
			await oracle.exec(table);
			await planner.create(table);
		}
	});
	afterAll(async () => await oracle.stop());

	it.each([...BAD, ...BAD_SELECT])("%s", async (sql) => {
		const { error } = await oracle.query(sql);
		expect(error).toBeDefined();
		const own = (await planner.describe(sql)).error;
		expect(own === undefined ? undefined : { sqlstate: own.sqlstate, message: own.message, position: own.position }).toEqual(error);
	});
});
