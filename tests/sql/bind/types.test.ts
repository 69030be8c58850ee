/** Output names and types of well-formed queries are PostgreSQL's. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Oracle } from "../oracle.ts";
import { GOOD } from "./good.ts";
import { TestPlanner } from "./planner.ts";
import { TABLES } from "./schema.ts";

describe("names and types", () => {
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

	it.each(GOOD)("%s", async (sql) => {
		const { columns } = await oracle.query(sql);
		expect(await planner.describe(sql)).toEqual({ columns });
	});
});
