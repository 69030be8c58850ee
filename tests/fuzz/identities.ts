/**
 * Pairs of queries whose rows must be the same, whatever they are.
 *
 * - TLP (Rigger and Su 2020, "Finding Bugs in Database Systems via Query Partitioning"): the rows where p is true, false and NULL are all the rows. So it is for joins on p, for what is
 *   aggregated of each part and then of the parts, for groups by their HAVING, and for distinct rows as sets.
 * - NoREC (Rigger and Su 2020, "Detecting Optimization Bugs in Database Engines via Non-Optimizing Reference Engine Construction"): as many rows pass a filter by p as have p true.
 */
import type { Random } from "../sql/random.ts";
import type { Partition } from "./query.ts";

export interface Identity {
	/** Queries whose rows taken together are those of the others. */
	left: string[];
	right: string[];
	/** A set: rows that come twice count once. */
	isSet: boolean;
}

type Make = (partition: Partition, random: Random) => Identity;

const three = (predicate: string): string[] => [predicate, `NOT (${predicate})`, `(${predicate}) IS NULL`];
const bags = (left: string[], right: string[]): Identity => ({ left, right, isSet: false });

export const IDENTITIES: Readonly<Record<string, Make>> = {
	"TLP of rows": ({ from, predicate, values }) => {
		const select = `SELECT ${values.join(", ")} FROM ${from}`;
		return bags(
			[select],
			three(predicate).map((part) => `${select} WHERE ${part}`),
		);
	},
	"TLP of distinct rows": ({ from, predicate, columns }) => {
		const select = `SELECT DISTINCT ${columns.integer}, ${columns.text} FROM ${from}`;
		return { left: [select], right: three(predicate).map((part) => `${select} WHERE ${part}`), isSet: true };
	},
	"TLP of an aggregate": ({ from, predicate, columns: { integer, text, date } }) => {
		const select = `SELECT count(*) AS c, count(${text}) AS d, sum(${integer}) AS s, min(${text}) AS a, max(${date}) AS b, bool_and(${integer} > 1) AS e FROM ${from}`;
		const parts = three(predicate).map((part) => `${select} WHERE ${part}`);
		return bags([select], [`SELECT sum(c), sum(d), sum(s), min(a), max(b), bool_and(e) FROM (${parts.join(" UNION ALL ")}) x`]);
	},
	"TLP of groups": ({ from, predicate, columns: { integer, text, date } }) => {
		const select = `SELECT ${text} AS k, ${date} AS l, count(*) AS c, sum(${integer}) AS s, min(${integer}) AS a FROM ${from}`;
		const parts = three(predicate).map((part) => `${select} WHERE ${part} GROUP BY 1, 2`);
		return bags([`${select} GROUP BY 1, 2`], [`SELECT k, l, sum(c), sum(s), min(a) FROM (${parts.join(" UNION ALL ")}) x GROUP BY k, l`]);
	},
	"TLP of HAVING": ({ from, predicate, columns: { integer, text } }, random) => {
		const having = random.pick([
			`sum(${integer}) > ${random.below(4)}`,
			`min(${text}) <> max(${text})`,
			`count(*) FILTER (WHERE ${predicate}) > count(*) FILTER (WHERE NOT (${predicate}))`,
			`bool_or(${predicate})`,
			`avg(${integer}) IN (1, 2, NULL)`,
		]);
		const select = `SELECT ${text}, count(*) FROM ${from} GROUP BY 1`;
		return bags(
			[select],
			three(having).map((part) => `${select} HAVING ${part}`),
		);
	},
	"TLP of a join": ({ pair: { left, right, predicate, leftValue, rightValue } }) => {
		const select = `SELECT ${leftValue}, ${rightValue} FROM ${left}`;
		return bags(
			[`${select} CROSS JOIN ${right}`],
			three(predicate).map((part) => `${select} JOIN ${right} ON ${part}`),
		);
	},
	"outer join as inner and anti join": ({ pair: { left, right, predicate, leftValue, rightValue } }) =>
		bags(
			[`SELECT ${leftValue}, ${rightValue} FROM ${left} LEFT JOIN ${right} ON ${predicate}`],
			[
				`SELECT ${leftValue}, ${rightValue} FROM ${left} JOIN ${right} ON ${predicate}`,
				`SELECT ${leftValue}, ${/^a\d/.test(rightValue) ? "NULL" : rightValue} FROM ${left} WHERE NOT EXISTS (SELECT 1 FROM ${right} WHERE ${predicate})`,
			],
		),
	"NoREC of a filter": ({ from, predicate }) =>
		bags(
			[`SELECT count(*) FROM ${from} WHERE ${predicate}`],
			[`SELECT coalesce(sum(CASE WHEN ${predicate} THEN 1 ELSE 0 END), 0) FROM ${from}`],
		),
	"NoREC of a join": ({ pair: { left, right, predicate } }) =>
		bags(
			[`SELECT count(*) FROM ${left} JOIN ${right} ON ${predicate}`],
			[`SELECT coalesce(sum(CASE WHEN ${predicate} THEN 1 ELSE 0 END), 0) FROM ${left} CROSS JOIN ${right}`],
		),
	"NoREC of EXISTS": ({ pair: { left, right, predicate } }) =>
		bags(
			[`SELECT count(*) FROM ${left} WHERE EXISTS (SELECT 1 FROM ${right} WHERE ${predicate})`],
			[
				`SELECT count(*) FILTER (WHERE m > 0) FROM (SELECT (SELECT count(*) FROM (SELECT CASE WHEN ${predicate} THEN 1 END AS c FROM ${right}) y WHERE c = 1) AS m FROM ${left}) x`,
			],
		),
	"NoREC of groups": ({ from, predicate, columns: { text } }) =>
		bags(
			[`SELECT ${text}, count(*) FROM ${from} WHERE ${predicate} GROUP BY 1`],
			[
				`SELECT k, s FROM (SELECT ${text} AS k, sum(CASE WHEN ${predicate} THEN 1 ELSE 0 END) AS s FROM ${from} GROUP BY 1 OFFSET 0) x WHERE s > 0`,
			],
		),
};
