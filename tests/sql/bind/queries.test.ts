/** The query shapes of ClickBench and TPC-H plan, each with PostgreSQL's output names and types; the plans of TPC-H are kept as snapshots. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Oracle } from "../oracle.ts";
import { CLICKBENCH, HITS_DDL } from "../queries/clickbench.ts";
import { TPCH, TPCH_DDL } from "../queries/tpch.ts";
import { explainText } from "#shared/explain/text.ts";
import { TestPlanner } from "./planner.ts";

/** Rows and bounds at scale factor 1, so that plans are those of real sizes. */
const TPCH_STATISTICS: Record<string, { rowCount: number; bounds: Record<string, [number, number]> }> = {
	region: { rowCount: 5, bounds: { r_regionkey: [0, 4] } },
	nation: { rowCount: 25, bounds: { n_nationkey: [0, 24], n_regionkey: [0, 4] } },
	supplier: { rowCount: 10_000, bounds: { s_suppkey: [1, 10_000], s_nationkey: [0, 24] } },
	customer: { rowCount: 150_000, bounds: { c_custkey: [1, 150_000], c_nationkey: [0, 24] } },
	part: { rowCount: 200_000, bounds: { p_partkey: [1, 200_000], p_size: [1, 50] } },
	partsupp: { rowCount: 800_000, bounds: { ps_partkey: [1, 200_000], ps_suppkey: [1, 10_000] } },
	orders: { rowCount: 1_500_000, bounds: { o_orderkey: [1, 6_000_000], o_custkey: [1, 149_999], o_orderdate: [8035, 10_440] } },
	lineitem: {
		rowCount: 6_000_000,
		bounds: {
			l_orderkey: [1, 6_000_000],
			l_partkey: [1, 200_000],
			l_suppkey: [1, 10_000],
			l_shipdate: [8037, 10_561],
			l_receiptdate: [8038, 10_591],
		},
	},
};

describe("query shapes", () => {
	const planner = new TestPlanner();
	let oracle: Oracle;
	beforeAll(async () => {
		oracle = await Oracle.start();
		for (const [name, ddl] of Object.entries(TPCH_DDL)) {
			await oracle.exec(ddl.replace(/ WITH \(.*$/, ""));
			await planner.create(ddl, TPCH_STATISTICS[name]);
		}
		await oracle.exec(HITS_DDL);
		await planner.create(HITS_DDL, { rowCount: 100_000_000, bounds: {} });
	});
	afterAll(async () => await oracle.stop());

	it("a plan lists files without their statistics, which only the optimizer reads", async () => {
		const planned = await planner.plan("SELECT count(*) FROM region");
		if (planned.kind !== "query") throw new Error("a query is planned");
		expect(planner.tables.get("region")?.pages[0]?.columns).not.toEqual([]);
		expect(planned.plan.tables[0]?.pages).toMatchObject([{ fileCount: 1, columns: [] }]);
	});

	it.each(CLICKBENCH.map((sql, index) => [index, sql] as const))("ClickBench %i", async (_index, sql) => {
		const { columns } = await oracle.query(sql);
		expect(await planner.describe(sql)).toEqual({ columns });
	});

	it.each(Object.entries(TPCH))("TPC-H %s", async (_name, sql) => {
		const { columns } = await oracle.query(sql);
		expect(await planner.describe(sql)).toEqual({ columns });
		const planned = await planner.plan(sql);
		if (planned.kind !== "query") throw new Error("a query is planned");
		expect(explainText(planned.plan).join("\n")).toMatchSnapshot();
	});
});
