/** TPC-H's tables and queries for SQLite, where D1 keeps them: dates are text, decimals floating-point numbers. */
import type { D1Keys } from "../world/d1-tables.ts";

/** The keys of TPC-H's schema, and an index on each that refers to another table. */
export const TPCH_D1_KEYS: D1Keys = {
	primary: {
		region: "r_regionkey",
		nation: "n_nationkey",
		supplier: "s_suppkey",
		customer: "c_custkey",
		part: "p_partkey",
		orders: "o_orderkey",
		lineitem: "l_orderkey, l_linenumber",
	},
	indexes: [
		"supplier (s_nationkey)",
		"customer (c_nationkey)",
		// Of few suppliers the generator gives a part some twice.
		"partsupp (ps_partkey, ps_suppkey)",
		"partsupp (ps_suppkey)",
		"orders (o_custkey)",
		"orders (o_orderdate)",
		"lineitem (l_partkey, l_suppkey)",
		"lineitem (l_shipdate)",
	],
};

const REPLACEMENTS: [RegExp, string][] = [
	// Neither sum is exact as a floating-point number.
	[/BETWEEN 0\.06 - 0\.01 AND 0\.06 \+ 0\.01/g, "BETWEEN 0.05 AND 0.07"],
	[/DATE ('[-\d]+') ([-+]) INTERVAL '(\d+) (day|month|year)'/g, "date($1, '$2$3 $4')"],
	[/DATE ('[-\d]+')/g, "$1"],
	[/extract\(year FROM (\w+)\)/g, "CAST(strftime('%Y', $1) AS INTEGER)"],
	[/substring\((\w+) FROM (\d+) FOR (\d+)\)/g, "substr($1, $2, $3)"],
];

/** The same question in SQLite's words. LIKE does not tell cases apart there, so that patterns become GLOB's. */
export function sqliteOf(sql: string): string {
	const replaced = REPLACEMENTS.reduce((text, [from, to]) => text.replaceAll(from, to), sql);
	return replaced.replaceAll(/LIKE '([^']*)'/g, (_, pattern: string) => `GLOB '${pattern.replaceAll("%", "*")}'`);
}
