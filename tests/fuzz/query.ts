/**
 * Random queries over random tables: joins, subqueries, set operations, groups, windows, CTEs. Types fit most of the time; where they do not, both sides must refuse alike.
 * Nothing depends on an order that SQL does not promise: aggregates that take rows in order have an ORDER BY over everything that they show, windows over all columns.
 */
import type { Random } from "../sql/random.ts";
import { columnOf, nestedPredicate, operation, type Value, type Visible, windowOf } from "./expressions.ts";
import { randomMistake } from "./mistakes.ts";
import { constant, type FuzzColumn, type FuzzTable, type Kind, KINDS } from "./tables.ts";

export interface FuzzQuery {
	sql: string;
	/** The order of its rows is fixed. */
	ordered: boolean;
	/** It may raise for a value; whether it does may depend on the plan. */
	mayRaise: boolean;
}

const NUMBERS: readonly Kind[] = ["smallint", "integer", "bigint", "numeric", "double"];
/** Kinds without min and max. */
const WITHOUT_EXTREMES: readonly Kind[] = ["boolean", "uuid", "jsonb"];

export function randomQuery(random: Random, tables: readonly FuzzTable[]): FuzzQuery {
	return new QueryGenerator(random, tables).query();
}

/** A FROM and a predicate over it: what metamorphic checks are made of. */
export interface Partition {
	from: string;
	predicate: string;
	values: string[];
	/** Columns of the FROM, or constants, of these kinds. */
	columns: Record<"integer" | "text" | "date", string>;
	/** Two relations and a predicate over both. */
	pair: { left: string; right: string; predicate: string; leftValue: string; rightValue: string };
}

export function randomPartition(random: Random, tables: readonly FuzzTable[]): Partition {
	return new QueryGenerator(random, tables).partition();
}

class QueryGenerator {
	readonly #random: Random;
	readonly #tables: readonly FuzzTable[];
	#aliasCount = 0;
	#mayRaise = false;

	constructor(random: Random, tables: readonly FuzzTable[]) {
		this.#random = random;
		this.#tables = tables;
	}

	query(): FuzzQuery {
		const random = this.#random;
		if (random.chance(0.06)) return this.#done(randomMistake(random, this.#tables), false);
		if (random.chance(0.12)) {
			const { text, kinds } = this.#setOperation([]);
			const ordered = random.chance(0.5);
			return this.#done(ordered ? `${text} ${this.#orderBy(kinds.length)}` : text, ordered);
		}
		if (random.chance(0.08)) return this.#distinctOn();
		const { text, kinds } = this.#select([], 2);
		if (random.chance(0.12)) return this.#done(this.#withClause(text, kinds), false);
		if (!random.chance(0.6)) return this.#done(text, false);
		return this.#done(`${text} ${this.#orderBy(kinds.length)}`, true);
	}

	partition(): Partition {
		const { from, scope } = this.#from([], 1);
		const values = Array.from({ length: 2 }, () => this.#column(scope, this.#random.pick(KINDS)));
		const [left, right] = [this.#relation([], 1), this.#relation([], 1)];
		return {
			from,
			predicate: this.#predicate(scope, 2),
			values,
			columns: { integer: this.#column(scope, "integer"), text: this.#column(scope, "text"), date: this.#column(scope, "date") },
			pair: {
				left: left.text,
				right: right.text,
				predicate: this.#random.chance(0.5)
					? this.#joinCondition(left.scope, right.scope, false)
					: this.#predicate([...left.scope, ...right.scope], 1),
				leftValue: this.#column(left.scope, "integer"),
				rightValue: this.#column(right.scope, "text"),
			},
		};
	}

	#done(sql: string, ordered: boolean): FuzzQuery {
		return { sql, ordered, mayRaise: this.#mayRaise };
	}

	/** Over every output column, so that equal rows are equal altogether. */
	#orderBy(count: number): string {
		const random = this.#random;
		const keys = Array.from(
			{ length: count },
			(_, index) => `${index + 1}${random.pick(["", " DESC", " NULLS FIRST", " DESC NULLS LAST"])}`,
		);
		const limit = random.chance(0.3) ? ` LIMIT ${random.below(8)}${random.chance(0.3) ? ` OFFSET ${random.below(4)}` : ""}` : "";
		return `ORDER BY ${keys.join(", ")}${limit}`;
	}

	/** The first row of each group, in an order over every output column. */
	#distinctOn(): FuzzQuery {
		const { from, scope } = this.#from([], 1);
		const kinds = Array.from({ length: this.#random.between(2, 4) }, () => this.#random.pick(KINDS));
		const items = kinds.map((kind) => this.#value(scope, kind, 1));
		return this.#done(`SELECT DISTINCT ON (x1) ${this.#list(items)} FROM ${from} ${this.#orderBy(kinds.length)}`, true);
	}

	#withClause(text: string, kinds: readonly Kind[]): string {
		const random = this.#random;
		const once = `q AS ${random.pick(["", "MATERIALIZED ", "NOT MATERIALIZED "])}(${text})`;
		return random.pick([
			() => `WITH ${once} SELECT * FROM q`,
			() => `WITH ${once}, r AS (SELECT x1 FROM q WHERE x1 IS NOT NULL) SELECT count(*), (SELECT count(*) FROM q) FROM r`,
			() => `WITH ${once} SELECT a.x1, b.x${kinds.length} FROM q a LEFT JOIN q b ON a.x1 = b.x1`,
			() => {
				const union = random.pick(["UNION", "UNION ALL"]);
				return `WITH RECURSIVE ${once}, r(n, v) AS (SELECT 1, x1 FROM q ${union} SELECT n + 1, v FROM r WHERE n < ${random.between(1, 4)}) SELECT * FROM r`;
			},
		])();
	}

	#setOperation(outer: readonly Visible[]): { text: string; kinds: Kind[] } {
		const random = this.#random;
		const kinds = Array.from({ length: random.between(1, 3) }, () => random.pick(KINDS));
		const arm = (): string => {
			const { from, scope } = this.#from(outer, 1);
			const where = random.chance(0.5) ? ` WHERE ${this.#predicate(scope, 1)}` : "";
			const items = kinds.map((kind) => this.#value(scope, random.chance(0.95) ? kind : random.pick(NUMBERS), 1));
			return `SELECT ${this.#list(items)} FROM ${from}${where}`;
		};
		const operator = (): string => `${random.pick(["UNION", "INTERSECT", "EXCEPT"])}${random.pick(["", " ALL"])}`;
		const text = random.chance(0.3) ? `${arm()} ${operator()} (${arm()} ${operator()} ${arm()})` : `${arm()} ${operator()} ${arm()}`;
		return { text, kinds };
	}

	/** @param outer columns that a correlated subquery may see */
	#select(outer: readonly Visible[], depth: number): { text: string; kinds: Kind[] } {
		const random = this.#random;
		const { from, scope } = this.#from(outer, depth);
		const all = [...scope, ...(outer.length > 0 && random.chance(0.7) ? outer : [])];
		const where = random.chance(0.65) ? ` WHERE ${this.#predicate(all, depth)}` : "";
		const shape = random.pick(["plain", "plain", "group", "group", "window", "distinct"] as const);
		if (shape === "group") return this.#grouped(from, where, scope, depth);
		const kinds = Array.from({ length: random.between(1, 4) }, () => random.pick(KINDS));
		const items = kinds.map((kind) => this.#value(all, kind, depth));
		if (shape === "window" && depth === 2 && scope.length > 0) {
			const { text, kind } = windowOf(random, scope);
			items.push(text);
			kinds.push(kind);
		}
		return { text: `SELECT ${shape === "distinct" ? "DISTINCT " : ""}${this.#list(items)} FROM ${from}${where}`, kinds };
	}

	#grouped(from: string, where: string, scope: readonly Visible[], depth: number): { text: string; kinds: Kind[] } {
		const random = this.#random;
		const keyKinds = Array.from({ length: random.below(3) }, () => random.pick(KINDS));
		const keys = keyKinds.map((kind) => this.#value(scope, kind, 1));
		const aggregates = Array.from({ length: random.between(1, 3) }, () => this.#aggregate(scope, depth));
		const groupBy = keys.length === 0 ? "" : ` GROUP BY ${this.#groupingOf(keys.length)}`;
		const having = random.chance(0.25) ? ` HAVING ${random.pick(["count(*) > 1", "count(*) = 1", "min(1) = 1", "count(*) < 0"])}` : "";
		return {
			text: `SELECT ${this.#list([...keys, ...aggregates.map(({ text }) => text)])} FROM ${from}${where}${groupBy}${having}`,
			kinds: [...keyKinds, ...aggregates.map(({ kind }) => kind)],
		};
	}

	#groupingOf(count: number): string {
		const random = this.#random;
		const positions = Array.from({ length: count }, (_, index) => index + 1).join(", ");
		const form = random.pick(["", "", "", "", "ROLLUP", "CUBE", "GROUPING SETS"]);
		if (form === "") return positions;
		if (form !== "GROUPING SETS") return `${form} (${positions})`;
		return `GROUPING SETS (${random.pick(["()", "(1)", "1"])}, (${positions})${random.pick(["", ", (1)", ", ROLLUP (1)"])})`;
	}

	#list(items: readonly string[]): string {
		return items.map((item, index) => `${item} AS x${index + 1}`).join(", ");
	}

	#from(outer: readonly Visible[], depth: number): { from: string; scope: Visible[] } {
		const random = this.#random;
		let { text, scope } = this.#relation(outer, depth);
		for (let joins = random.pick([0, 0, 0, 1, 1, 2]); joins > 0; joins--) {
			if (depth > 0 && random.chance(0.12)) {
				const { text: lateral, visible } = this.#lateral(scope, depth - 1);
				text = `${text} ${random.pick([`CROSS JOIN LATERAL ${lateral}`, `LEFT JOIN LATERAL ${lateral} ON true`])}`;
				scope = [...scope, ...visible];
				continue;
			}
			const right = this.#relation(outer, depth - 1);
			const kind = random.pick(["JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN"]);
			const both = [...scope, ...right.scope];
			const condition = kind === "CROSS JOIN" ? "" : ` ON ${this.#joinCondition(scope, right.scope, kind === "FULL JOIN")}`;
			text = `${text} ${kind} ${right.text}${condition}`;
			scope = both;
		}
		return { from: text, scope };
	}

	/** What stands behind LATERAL, and may see the columns before it. */
	#lateral(scope: readonly Visible[], depth: number): { text: string; visible: Visible[] } {
		const random = this.#random;
		const alias = `a${this.#aliasCount++}`;
		const one = [{ text: `${alias}.x1`, kind: "integer" as const }];
		return random.pick([
			() => ({ text: `unnest(${this.#column(scope, "integers")}) AS ${alias}(x1)`, visible: one }),
			() => ({ text: `generate_series(1, ${this.#column(scope, "smallint")} % 4) AS ${alias}(x1)`, visible: one }),
			() => {
				const { text, kinds } = this.#select(scope, depth);
				return { text: `(${text}) ${alias}`, visible: kinds.map((kind, index) => ({ text: `${alias}.x${index + 1}`, kind })) };
			},
		])();
	}

	#relation(outer: readonly Visible[], depth: number): { text: string; scope: Visible[] } {
		const random = this.#random;
		const alias = `a${this.#aliasCount++}`;
		const visible = (columns: readonly FuzzColumn[]): Visible[] => columns.map(({ name, kind }) => ({ text: `${alias}.${name}`, kind }));
		if (depth > 0 && random.chance(0.15)) {
			const { text, kinds } = random.chance(0.2) ? this.#setOperation([]) : this.#select([], depth - 1);
			return { text: `(${text}) ${alias}`, scope: visible(kinds.map((kind, index) => ({ name: `x${index + 1}`, kind }))) };
		}
		if (outer.length === 0 && depth > 0 && random.chance(0.05)) {
			return { text: `generate_series(1, ${random.below(6)}) AS ${alias}(c0)`, scope: visible([{ name: "c0", kind: "integer" }]) };
		}
		if (depth > 0 && random.chance(0.04)) {
			const kinds = [random.pick(KINDS), "integer" as const];
			const rows = Array.from({ length: random.between(1, 3) }, () => `(${kinds.map((kind) => constant(random, kind)).join(", ")})`);
			return {
				text: `(VALUES ${rows.join(", ")}) ${alias}(x1, x2)`,
				scope: visible(kinds.map((kind, index) => ({ name: `x${index + 1}`, kind }))),
			};
		}
		const table = random.pick(this.#tables);
		return { text: `${table.name} ${alias}`, scope: visible(table.columns) };
	}

	/** An equality where two columns have one kind; PostgreSQL runs a FULL JOIN only on conditions that it can merge or hash. */
	#joinCondition(left: readonly Visible[], right: readonly Visible[], equalityOnly: boolean): string {
		const random = this.#random;
		const pairs = left.flatMap((one) => right.filter((other) => other.kind === one.kind).map((other) => `${one.text} = ${other.text}`));
		if (pairs.length > 0 && (equalityOnly || random.chance(0.8))) {
			const equality = random.pick(pairs);
			return equalityOnly || random.chance(0.7) ? equality : `${equality} AND ${this.#predicate([...left, ...right], 0)}`;
		}
		return equalityOnly ? "true" : this.#predicate([...left, ...right], 0);
	}

	#column(scope: readonly Visible[], kind: Kind): string {
		return columnOf(this.#random, scope, kind);
	}

	#aggregate(scope: readonly Visible[], depth: number): Value {
		const random = this.#random;
		const filter = random.chance(0.15) ? ` FILTER (WHERE ${this.#predicate(scope, 0)})` : "";
		const kind = random.pick(KINDS);
		const number = random.pick(["smallint", "integer", "numeric"] as const);
		return random.pick<() => Value>([
			() => ({ text: `count(*)${filter}`, kind: "bigint" }),
			() => ({ text: `count(${random.pick(["", "DISTINCT "])}${this.#value(scope, kind, depth - 1)})${filter}`, kind: "bigint" }),
			() => ({ text: `sum(${this.#column(scope, number)})${filter}`, kind: number === "numeric" ? "numeric" : "bigint" }),
			() => ({ text: `avg(${this.#column(scope, number)})${filter}`, kind: "numeric" }),
			() => {
				const sortable = random.pick(KINDS.filter((one) => !WITHOUT_EXTREMES.includes(one)));
				return { text: `${random.pick(["min", "max"])}(${this.#value(scope, sortable, depth - 1)})${filter}`, kind: sortable };
			},
			() => ({ text: `bool_${random.pick(["and", "or"])}(${this.#predicate(scope, 0)})${filter}`, kind: "boolean" }),
			() => {
				const text = this.#column(scope, "integer");
				return { text: `array_agg(${random.pick(["", "DISTINCT "])}${text} ORDER BY ${text})${filter}`, kind: "integers" };
			},
			() => {
				const text = this.#column(scope, random.pick(["text", "jsonb", "integers"]));
				return { text: `jsonb_agg(${text} ORDER BY ${text})${filter}`, kind: "jsonb" };
			},
			() => {
				const text = this.#column(scope, "text");
				return { text: `string_agg(${text}, ',' ORDER BY ${text})${filter}`, kind: "text" };
			},
		])();
	}

	#value(scope: readonly Visible[], kind: Kind, depth: number): string {
		const random = this.#random;
		if (depth <= 0 || random.chance(0.45)) return this.#column(scope, kind);
		if (random.chance(0.12)) {
			return `CASE WHEN ${this.#predicate(scope, depth - 1)} THEN ${this.#value(scope, kind, depth - 1)} ELSE ${this.#column(scope, kind)} END`;
		}
		if (random.chance(0.08)) return `coalesce(${this.#column(scope, kind)}, ${this.#column(scope, kind)})`;
		if (random.chance(0.05)) return `nullif(${this.#column(scope, kind)}, ${this.#column(scope, kind)})`;
		if (depth > 1 && random.chance(0.08)) return this.#scalarSubquery(scope, kind, depth);
		if (kind === "boolean") return `(${this.#predicate(scope, depth - 1)})`;
		const { text, mayRaise } = operation(random, scope, kind);
		this.#mayRaise ||= mayRaise;
		return text;
	}

	/** One row at most, by an aggregate. */
	#scalarSubquery(scope: readonly Visible[], kind: Kind, depth: number): string {
		const { from, scope: inner } = this.#from(scope, depth - 1);
		const where = this.#random.chance(0.7) ? ` WHERE ${this.#predicate([...inner, ...scope], 0)}` : "";
		if (kind === "bigint") return `(SELECT count(*) FROM ${from}${where})`;
		if (WITHOUT_EXTREMES.includes(kind)) return this.#column(scope, kind);
		return `(SELECT ${this.#random.pick(["min", "max"])}(${this.#column(inner, kind)}) FROM ${from}${where})`;
	}

	#predicate(scope: readonly Visible[], depth: number): string {
		const random = this.#random;
		if (depth > 0 && random.chance(0.35)) {
			const parts = Array.from({ length: random.between(2, 3) }, () => this.#predicate(scope, depth - 1));
			return random.chance(0.15) ? `NOT (${parts[0]})` : `(${parts.join(random.pick([" AND ", " OR "]))})`;
		}
		if (depth > 0 && random.chance(0.15)) return this.#subqueryPredicate(scope, depth);
		if (random.chance(0.08)) return nestedPredicate(random, scope);
		const kind = random.pick(KINDS);
		const left = this.#value(scope, kind, depth - 1);
		return random.pick([
			() => `${left} ${random.pick(["=", "<>", "<", "<=", ">", ">="])} ${this.#column(scope, kind)}`,
			() => `${left} ${random.pick(["=", "=", "<"])} ${constant(random, kind)}`,
			() => `${left} IS ${random.pick(["", "NOT "])}NULL`,
			() => `${left} IS ${random.pick(["", "NOT "])}DISTINCT FROM ${this.#column(scope, kind)}`,
			() => `${left} ${random.pick(["", "NOT "])}IN (${constant(random, kind)}, ${constant(random, kind)}, ${this.#column(scope, kind)})`,
			() => `${left} ${random.pick(["", "NOT "])}BETWEEN ${constant(random, kind)} AND ${constant(random, kind)}`,
			() =>
				`${this.#column(scope, "text")} ${random.pick(["LIKE", "NOT LIKE", "ILIKE"])} ${random.pick(["'%a%'", "'_'", "'%'", "'A%'", "''"])}`,
			() =>
				`(${left}, ${this.#column(scope, "integer")}) ${random.pick(["=", "<", "<>"])} (${this.#column(scope, kind)}, ${constant(random, "integer")})`,
		])();
	}

	#subqueryPredicate(scope: readonly Visible[], depth: number): string {
		const random = this.#random;
		const { from, scope: inner } = this.#from(scope, depth - 1);
		const where = ` WHERE ${this.#predicate([...inner, ...(random.chance(0.6) ? scope : [])], 0)}`;
		const kind = random.pick(KINDS);
		const list = `(SELECT ${this.#column(inner, kind)} FROM ${from}${random.chance(0.6) ? where : ""})`;
		return random.pick([
			() => {
				const pair = `(SELECT ${this.#column(inner, kind)}, ${this.#column(inner, "integer")} FROM ${from}${where})`;
				return `(${this.#column(scope, kind)}, ${this.#column(scope, "integer")}) ${random.pick(["", "NOT "])}IN ${pair}`;
			},
			() => `${random.pick(["", "NOT "])}EXISTS (SELECT 1 FROM ${from}${where})`,
			() => `${this.#column(scope, kind)} ${random.pick(["", "NOT "])}IN ${list}`,
			() => `${this.#column(scope, kind)} ${random.pick(["=", "<", ">=", "<>"])} ${random.pick(["ANY", "ALL"])} ${list}`,
		])();
	}
}
