/** What the oracle cannot say: parameters, DDL, INSERT's defaults, refusals of our own, file pruning, plans without each rule. */
import { beforeAll, describe, expect, it } from "vitest";
import { RULE_NAMES } from "../../../workers/optimizer/src/logical/pipeline.ts";
import { CLICKBENCH, HITS_DDL } from "../queries/clickbench.ts";
import { TPCH, TPCH_DDL } from "../queries/tpch.ts";
import { TestPlanner } from "./planner.ts";
import { TABLES } from "./schema.ts";

const planner = new TestPlanner();
beforeAll(async () => {
	for (const table of [...TABLES, ...Object.values(TPCH_DDL), HITS_DDL]) await planner.create(table);
	await planner.create("CREATE TABLE filed (k INTEGER, day DATE)", { rowCount: 100, bounds: { k: [10, 20], day: [0, 10] } });
});

describe("parameters", () => {
	it.each<[string, unknown[], (string | null)[]]>([
		["SELECT a + $1 FROM t", [5], ["integer"]],
		["SELECT $1", ["x"], ["text"]],
		["SELECT $1::bigint, $1", ["9007199254740993"], ["bigint", "bigint"]],
		["SELECT a FROM t WHERE ts > $1 AND x = $2 AND n < $3", ["2026-01-01 10:00", null, 0.1], ["integer"]],
		["SELECT a FROM t WHERE a IN ($1, $2) LIMIT $3", [1, 2, 3], ["integer"]],
	])("%s", async (sql, parameters, types) => {
		const { columns, error } = await planner.describe(sql, parameters);
		expect(error).toBeUndefined();
		expect(columns.map((column) => column.type)).toEqual(types);
	});

	it.each<[string, unknown[], object]>([
		[
			"SELECT $1",
			[],
			{ sqlstate: "08P01", message: "the request supplies 0 parameters, but the statement requires 1", position: null, hint: null },
		],
		[
			"SELECT 1",
			[1],
			{ sqlstate: "08P01", message: "the request supplies 1 parameters, but the statement requires 0", position: null, hint: null },
		],
		[
			"SELECT a FROM t WHERE a = $1",
			["x"],
			{ sqlstate: "22P02", message: 'invalid input syntax for type integer: "x"', position: 27, hint: null },
		],
		[
			"SELECT a FROM t WHERE a = $1",
			[1.5],
			{ sqlstate: "22P02", message: 'invalid input syntax for type integer: "1.5"', position: 27, hint: null },
		],
		[
			"SELECT $1 + $2",
			[1, 2],
			{
				sqlstate: "42725",
				message: "operator is not unique: unknown + unknown",
				position: 11,
				hint: "Could not choose a best candidate operator. You might need to add explicit type casts.",
			},
		],
	])("refuses %s", async (sql, parameters, expected) => {
		expect((await planner.describe(sql, parameters)).error).toEqual(expected);
	});
});

describe("refusals of our own", () => {
	it.each<[string, { sqlstate: string; message: string; position: number | null; hint: string | null }]>([
		[
			"SELECT * FROM wx",
			{ sqlstate: "42P01", message: 'relation "wx" does not exist', position: 15, hint: 'Perhaps you meant to reference the table "w".' },
		],
		["SELECT * FROM other.t", { sqlstate: "3F000", message: 'schema "other" does not exist', position: 15, hint: null }],
		[
			"EXPLAIN ANALYZE INSERT INTO w VALUES (1)",
			{ sqlstate: "0A000", message: "EXPLAIN ANALYZE of an INSERT is not supported", position: null, hint: null },
		],
		["UPDATE t SET a = 1", { sqlstate: "0A000", message: "UPDATE is not supported", position: null, hint: null }],
		[
			"INSERT INTO w VALUES (1) ON CONFLICT DO NOTHING",
			{ sqlstate: "0A000", message: "ON CONFLICT is not supported", position: 26, hint: null },
		],
		[
			"CREATE TABLE z (a NUMERIC)",
			{
				sqlstate: "0A000",
				message: "a NUMERIC column needs a precision and a scale",
				position: 19,
				hint: "Write NUMERIC(18,4), or another precision up to 38.",
			},
		],
		["CREATE TABLE z (a INT CHECK (a > 1))", { sqlstate: "0A000", message: "CHECK is not supported", position: 23, hint: null }],
		["CREATE TABLE z (a INT UNIQUE)", { sqlstate: "0A000", message: "UNIQUE is not supported", position: 23, hint: null }],
		["CREATE TABLE z (a INT REFERENCES t)", { sqlstate: "0A000", message: "REFERENCES is not supported", position: 23, hint: null }],
		[
			"CREATE TABLE z (a NUMERIC[])",
			{
				sqlstate: "0A000",
				message: "a NUMERIC column needs a precision and a scale",
				position: 19,
				hint: "Write NUMERIC(18,4), or another precision up to 38.",
			},
		],
		["CREATE TABLE z (a INT) WITH (nope = 1)", { sqlstate: "22023", message: 'unrecognized parameter "nope"', position: 30, hint: null }],
		[
			"CREATE TABLE z (a INT) WITH (sort_key = 'b')",
			{ sqlstate: "22023", message: 'invalid sort_key: column "b" does not exist', position: 30, hint: null },
		],
		[
			"CREATE TABLE z (a INT DEFAULT 1 + random())",
			{
				sqlstate: "0A000",
				message: "a DEFAULT other than a constant and now() is not supported",
				position: 31,
				hint: null,
			},
		],
		[
			`CREATE TABLE z (${Array.from({ length: 501 }, (_, index) => `c${index} INT`).join(", ")})`,
			{ sqlstate: "54011", message: "tables can have at most 500 columns", position: null, hint: null },
		],
	])("%.80s", async (sql, expected) => {
		expect((await planner.describe(sql)).error).toEqual(expected);
	});
});

describe("CREATE TABLE", () => {
	it("gives keys, defaults and the sort key by position", async () => {
		const sql = `CREATE TABLE IF NOT EXISTS "Z" (id BIGINT PRIMARY KEY, n NUMERIC(10,2) NOT NULL DEFAULT 1.5, at TIMESTAMPTZ DEFAULT now(),
			x VARCHAR(3) DEFAULT 'a, b' NOT NULL) WITH (sort_key = 'at DESC, id NULLS FIRST')`;
		const planned = await planner.plan(sql.replace("'a, b'", "'a,b'"));
		expect(planned).toEqual({
			kind: "create_table",
			definition: {
				name: "Z",
				ifNotExists: true,
				columns: [
					{ name: "id", type: { kind: "bigint" }, nullable: false, default: null },
					{
						name: "n",
						type: { kind: "numeric", precision: 10, scale: 2 },
						nullable: false,
						default: { sql: "1.5", value: { kind: "constant", value: { coefficient: 150n, scale: 2 } } },
					},
					{ name: "at", type: { kind: "timestamptz" }, nullable: true, default: { sql: "now()", value: { kind: "now" } } },
					{
						name: "x",
						type: { kind: "varchar", length: 3 },
						nullable: false,
						default: { sql: "'a,b'", value: { kind: "constant", value: "a,b" } },
					},
				],
				primaryKey: [0],
				sortKey: [
					{ column: 2, descending: true, nullsFirst: true },
					{ column: 0, descending: false, nullsFirst: true },
				],
			},
		});
	});

	it("drops", async () => {
		expect(await planner.plan("DROP TABLE IF EXISTS t, public.w")).toEqual({
			kind: "drop_table",
			names: ["t", "w"],
			ifExists: true,
			cascade: false,
		});
	});
});

describe("INSERT", () => {
	it.each([
		"INSERT INTO w VALUES (1, 'x', 2.5, '2026-01-01')",
		"INSERT INTO w VALUES (1), (2)",
		"INSERT INTO w (day, a) VALUES ('2026-01-01', DEFAULT), (current_date, 1)",
		"INSERT INTO w SELECT a, x, n, dt FROM t",
		"INSERT INTO w (k, day) SELECT 'literal', '2026-01-01'",
		"INSERT INTO w DEFAULT VALUES",
	])("%s gives every column in schema order", async (sql) => {
		const planned = await planner.plan(sql);
		if (planned.kind !== "insert") throw new Error("an INSERT is planned");
		expect(planned.plan.output.map(({ name, type }) => ({ name, type }))).toEqual(
			planned.table.columns.map(({ name, type }) => ({ name, type })),
		);
	});
});

describe("file pruning", () => {
	it.each([
		["SELECT * FROM filed WHERE k = 15", 1, 0],
		["SELECT * FROM filed WHERE k > 20", 0, 1],
		["SELECT * FROM filed WHERE k + 0 > 20", 1, 0],
		["SELECT * FROM filed WHERE day >= TIMESTAMP '1970-01-11 00:00:01'", 0, 1],
		["SELECT * FROM filed WHERE day >= DATE '1970-01-01' + INTERVAL '1 month'", 0, 1],
		["SELECT * FROM filed x, filed y WHERE x.k = 1 AND y.k = 15", 1, 0],
		["SELECT count(*) FROM (SELECT k * 2 AS d, day FROM filed) q WHERE day > '1980-01-01'", 0, 1],
	])("%s", async (sql, kept, pruned) => {
		const planned = await planner.plan(sql);
		if (planned.kind !== "query") throw new Error("a query is planned");
		const [table] = planned.plan.tables;
		expect([table?.pages.reduce((sum, page) => sum + page.fileCount, 0), table?.filesPruned]).toEqual([kept, pruned]);
	});
});

describe("without each rule", () => {
	it.each(RULE_NAMES)("plans stand without %s", async (name) => {
		for (const sql of [...Object.values(TPCH), ...CLICKBENCH]) {
			const [whole, without] = [await planner.plan(sql), await planner.plan(sql, [], { disabled: new Set([name]) })];
			if (whole.kind !== "query" || without.kind !== "query") throw new Error("a query is planned");
			expect(without.plan.output).toEqual(whole.plan.output);
		}
	});
});

describe("views", () => {
	const made = async (...statements: string[]) => {
		const views = new TestPlanner();
		await views.create("CREATE TABLE t (a INTEGER, b TEXT)");
		for (const sql of statements) {
			const planned = await views.plan(sql);
			if (planned.kind === "create_view") views.defineView(planned.definition);
		}
		return views;
	};
	const chain = (count: number) => [
		"CREATE VIEW v0 AS SELECT a FROM t",
		...range(1, count).map((n) => `CREATE VIEW v${n} AS SELECT a FROM v${n - 1}`),
	];
	const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

	it("keep their text as it was written, without what stands around it", async () => {
		const views = await made();
		const texts: [string, string][] = [
			["CREATE VIEW v AS SELECT 1 AS a", "SELECT 1 AS a"],
			['create or replace view public."As" (x, "as;") as -- AS\n select \'AS;\', 2 ; -- done', "-- AS\n select 'AS;', 2"],
			["CREATE VIEW \u{1F600} AS VALUES ($$;$$)", "VALUES ($$;$$)"],
			[
				"CREATE RECURSIVE VIEW r (n) AS SELECT 1 UNION SELECT n FROM r",
				'WITH RECURSIVE "r" ("n") AS (\nSELECT 1 UNION SELECT n FROM r\n) SELECT "n" FROM "r"',
			],
		];
		for (const [sql, text] of texts) {
			const planned = await views.plan(sql);
			expect(planned.kind === "create_view" && planned.definition.source.sql, sql).toBe(text);
		}
	});

	it("say in the plan which versions it was made of, those inside others too", async () => {
		const views = await made(...chain(3), "CREATE VIEW other AS SELECT 1");
		const planned = await views.plan("SELECT * FROM v2, t");
		const idOf = (name: string) => views.tables.get(name)?.schema.tableId as string;
		if (planned.kind !== "query") throw new Error("not a query");
		expect(planned.plan.tables.map(({ schema }) => schema.name)).toEqual(["t"]);
		expect(planned.plan.views).toEqual(["v2", "v1", "v0"].map((name) => ({ tableId: idOf(name), schemaVersion: 1 })));
		const defined = await views.plan("CREATE VIEW w AS SELECT v2.a FROM v2, t");
		expect(defined.kind === "create_view" && defined.uses).toEqual(["v2", "t"].map((name) => ({ tableId: idOf(name), schemaVersion: 1 })));
	});

	it("are bounded: levels, nesting along them, and how often one stands in another", async () => {
		const deep = await made(...chain(33));
		expect((await deep.describe("SELECT * FROM v31")).columns).toEqual([{ name: "a", type: "integer" }]);
		expect((await deep.describe("SELECT * FROM v32")).error?.message).toBe("views may nest at most 32 deep");
		const nested = "(".repeat(90) + "a" + ")".repeat(90);
		const tall = await made(`CREATE VIEW x AS SELECT ${nested} AS a FROM t`, `CREATE VIEW y AS SELECT ${nested} AS a FROM x`);
		expect((await tall.describe("SELECT * FROM y")).error).toBeUndefined();
		expect((await tall.describe(`SELECT ${"(".repeat(30)}a${")".repeat(30)} FROM y`)).error).toMatchObject({
			sqlstate: "54001",
			position: null,
		});
		const wide = await made(
			"CREATE VIEW w0 AS SELECT 1 AS a",
			...range(1, 12).map((n) => `CREATE VIEW w${n} AS SELECT x.a FROM w${n - 1} x, w${n - 1} y`),
		);
		expect((await wide.describe("SELECT * FROM w11")).error).toMatchObject({ sqlstate: "54001" });
	});

	it("have no positions of their own in errors", async () => {
		const views = await made("CREATE VIEW v AS SELECT a, b FROM t WHERE a > 0", "CREATE VIEW r AS SELECT * FROM v");
		const replaced = await views.plan("CREATE OR REPLACE VIEW v AS SELECT a, b FROM r");
		if (replaced.kind === "create_view") views.defineView(replaced.definition);
		expect((await views.describe("SELECT * FROM r")).error).toEqual({
			sqlstate: "42P17",
			message: 'infinite recursion detected in rules for relation "r"',
			position: null,
			hint: null,
		});
		expect((await views.describe("SELECT r.c FROM r")).error?.message).toMatch(/infinite recursion/);
	});
});
