/** Views from outside: one tenant's are another's business in no way, roles, replacements seen at once, and what the tables' routes say of them. */
import { beforeAll, expect, test } from "vitest";
import { ApiError, LittoralClient } from "../../scripts/client.ts";
import { sharedHarness, type SharedHarness } from "../harness.ts";

let harness: SharedHarness;
let one: LittoralClient;
let other: LittoralClient;

beforeAll(async () => {
	harness = await sharedHarness();
	one = (await harness.tenant()).owner;
	other = (await harness.tenant()).owner;
	for (const client of [one, other]) await client.execute("CREATE TABLE sales (region TEXT, amount INTEGER)");
	await one.execute("INSERT INTO sales VALUES ('north', 1), ('south', 2)");
	await other.execute("INSERT INTO sales VALUES ('secret', 1000)");
	await one.execute("CREATE VIEW totals AS SELECT region, sum(amount) AS amount FROM sales GROUP BY region");
});

async function problemOf(answer: Promise<unknown>): Promise<{ code: string; status: number; detail: string }> {
	try {
		await answer;
	} catch (error) {
		if (error instanceof ApiError) return error.problem;
	}
	throw new Error("it answered");
}

test("a tenant's view reads that tenant's rows, and nobody else knows of it", async () => {
	expect((await one.query("SELECT * FROM totals ORDER BY region")).rows).toEqual([
		["north", 1],
		["south", 2],
	]);
	expect(await problemOf(other.query("SELECT * FROM totals"))).toMatchObject({ code: "undefined_table", status: 422 });
	expect(await problemOf(other.execute("DROP VIEW totals"))).toMatchObject({ code: "undefined_table" });
	const known = "SELECT viewname FROM pg_views WHERE schemaname = 'public' UNION ALL SELECT table_name FROM information_schema.views";
	expect((await other.query(known)).rows).toEqual([]);
	// The same text over the same names, in another tenant.
	await other.execute("CREATE VIEW totals AS SELECT region, sum(amount) AS amount FROM sales GROUP BY region");
	expect((await other.query("SELECT * FROM totals")).rows).toEqual([["secret", 1000]]);
	await other.execute("DROP TABLE sales CASCADE");
	expect((await one.query("SELECT count(*) FROM totals")).rows).toEqual([[2]]);
});

test("what is appended is in a view's next answer, and a replacement is in force at once", async () => {
	await one.execute("CREATE VIEW large AS SELECT amount FROM sales WHERE amount > 1");
	await one.append("sales", '[{"region": "west", "amount": 5}]');
	expect((await one.query("SELECT amount FROM large ORDER BY 1")).rows).toEqual([[2], [5]]);
	for (let bound = 2; bound < 7; bound++) {
		await one.execute(`CREATE OR REPLACE VIEW large AS SELECT amount FROM sales WHERE amount > ${bound}`);
		expect((await one.query("SELECT count(*) FROM large")).rows).toEqual([[bound < 5 ? 1 : 0]]);
	}
	await one.execute("DROP VIEW large");
	expect(await problemOf(one.query("SELECT * FROM large"))).toMatchObject({ code: "undefined_table" });
	await one.execute("CREATE TABLE large (a INTEGER)");
	expect((await one.query("SELECT * FROM large")).rows).toEqual([]);
	await one.execute("DROP TABLE large");
});

test("who may define tables may define views; who may read tables may read them", async () => {
	const keyOf = async (role: string) => {
		const body = JSON.stringify({ name: role, role });
		const { api_key } = await one.json<{ api_key: string }>("/v1/keys", { headers: { "Content-Type": "application/json" }, body });
		return new LittoralClient(harness.littoral.url, api_key);
	};
	const [reader, writer, admin] = [await keyOf("reader"), await keyOf("writer"), await keyOf("admin")];
	expect((await reader.query("SELECT count(*) FROM totals")).rows).toEqual([[3]]);
	for (const client of [reader, writer]) {
		for (const statement of ["CREATE VIEW mine AS SELECT 1", "CREATE OR REPLACE VIEW totals AS SELECT 1", "DROP VIEW totals"]) {
			expect(await problemOf(client.execute(statement)), statement).toMatchObject({ code: "permission_denied", status: 403 });
		}
	}
	expect(await admin.execute("CREATE VIEW mine AS SELECT 1")).toMatchObject({ command: "CREATE VIEW", row_count: 0 });
	expect(await admin.execute("DROP VIEW mine")).toMatchObject({ command: "DROP VIEW" });
});

test("a view is no table to the tables' routes", async () => {
	const { tables } = await one.json<{ tables: { name: string }[] }>("/v1/tables", { method: "GET" });
	expect(tables.map(({ name }) => name)).toEqual(["sales"]);
	expect(await problemOf(one.json("/v1/tables/totals", { method: "GET" }))).toMatchObject({ code: "table_not_found", status: 404 });
	expect(await problemOf(one.append("totals", '[{"region": "x"}]'))).toMatchObject({ code: "table_not_found", status: 404 });
	expect(await problemOf(one.execute("INSERT INTO totals VALUES ('x', 1)"))).toMatchObject({
		code: "object_not_in_prerequisite_state",
		detail: 'cannot insert into view "totals"',
	});
	expect(await problemOf(one.execute("DROP TABLE sales"))).toMatchObject({
		code: "dependent_objects_still_exist",
		detail: "cannot drop table sales because other objects depend on it",
		hint: "view totals depends on table sales. Use DROP ... CASCADE to drop the dependent objects too.",
	});
});
