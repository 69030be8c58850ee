/**
 * Random queries over random tables: joins, subqueries, set operations, groups, windows, CTEs. Types fit most of the time; where they do not, both sides must refuse alike.
 * Nothing depends on an order that SQL does not promise: aggregates that take rows in order have an ORDER BY over everything that they show, windows over all columns.
 */
import type { Random } from "../sql/random.ts";
import { constant, type FuzzColumn, type FuzzTable, type Kind, KINDS } from "./tables.ts";

export interface FuzzQuery {
	sql: string;
	/** The order of its rows is fixed. */
	ordered: boolean;
	/** It may raise for a value; whether it does may depend on the plan. */
	mayRaise: boolean;
}

/** A column in scope, as it is written. */
interface Visible {
	text: string;
	kind: Kind;
}

const NUMBERS: readonly Kind[] = ["smallint", "integer", "bigint", "numeric", "double"];
const SORTABLE: readonly Kind[] = KINDS;

export function randomQuery(random: Random, tables: readonly FuzzTable[]): FuzzQuery {
	return new QueryGenerator(random, tables).query();
}

/** A FROM and a predicate over it: what metamorphic checks are made of. */
export function randomPartition(random: Random, tables: readonly FuzzTable[]): { from: string; predicate: string; values: string[] } {
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
		if (random.chance(0.12)) return this.#setOperation();
		const { text, kinds } = this.#select([], 2);
		const cte = random.chance(0.1);
		const body = cte ? `WITH q AS ${random.pick(["", "MATERIALIZED "])}(${text}) SELECT * FROM q` : text;
		if (cte || !random.chance(0.6)) return this.#done(body, false);
		return this.#done(`${body} ${this.#orderBy(kinds.length)}`, true);
	}

	partition(): { from: string; predicate: string; values: string[] } {
		const { from, scope } = this.#from([], 1);
		const values = Array.from({ length: 2 }, () => this.#column(scope, this.#random.pick(KINDS)));
		return { from, predicate: this.#predicate(scope, 2), values };
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

	#setOperation(): FuzzQuery {
		const random = this.#random;
		const kinds = Array.from({ length: random.between(1, 3) }, () => random.pick(KINDS));
		const arm = (): string => {
			const { from, scope } = this.#from([], 1);
			const where = random.chance(0.5) ? ` WHERE ${this.#predicate(scope, 1)}` : "";
			return `SELECT ${kinds.map((kind) => this.#value(scope, random.chance(0.9) ? kind : random.pick(NUMBERS), 1)).join(", ")} FROM ${from}${where}`;
		};
		const operator = (): string => `${random.pick(["UNION", "INTERSECT", "EXCEPT"])}${random.pick(["", " ALL"])}`;
		const text = random.chance(0.3) ? `${arm()} ${operator()} (${arm()} ${operator()} ${arm()})` : `${arm()} ${operator()} ${arm()}`;
		const ordered = random.chance(0.5);
		return this.#done(ordered ? `${text} ${this.#orderBy(kinds.length)}` : text, ordered);
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
			items.push(this.#window(scope));
			kinds.push("bigint");
		}
		return { text: `SELECT ${shape === "distinct" ? "DISTINCT " : ""}${this.#list(items)} FROM ${from}${where}`, kinds };
	}

	#grouped(from: string, where: string, scope: readonly Visible[], depth: number): { text: string; kinds: Kind[] } {
		const random = this.#random;
		const keyKinds = Array.from({ length: random.below(3) }, () => random.pick(KINDS));
		const keys = keyKinds.map((kind) => this.#value(scope, kind, 1));
		const aggregates = Array.from({ length: random.between(1, 3) }, () => this.#aggregate(scope, depth));
		const positions = keys.map((_, index) => index + 1).join(", ");
		const groupBy =
			keys.length === 0 ? "" : ` GROUP BY ${random.chance(0.2) ? `${random.pick(["ROLLUP", "CUBE"])} (${positions})` : positions}`;
		const having = random.chance(0.25) ? ` HAVING ${random.pick(["count(*) > 1", "count(*) = 1", "min(1) = 1", "count(*) < 0"])}` : "";
		return {
			text: `SELECT ${this.#list([...keys, ...aggregates.map(({ text }) => text)])} FROM ${from}${where}${groupBy}${having}`,
			kinds: [...keyKinds, ...aggregates.map(({ kind }) => kind)],
		};
	}

	#list(items: readonly string[]): string {
		return items.map((item, index) => `${item} AS x${index + 1}`).join(", ");
	}

	#from(outer: readonly Visible[], depth: number): { from: string; scope: Visible[] } {
		const random = this.#random;
		let { text, scope } = this.#relation(outer, depth);
		for (let joins = random.pick([0, 0, 0, 1, 1, 2]); joins > 0; joins--) {
			const right = this.#relation(outer, depth - 1);
			const kind = random.pick(["JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN"]);
			const both = [...scope, ...right.scope];
			const condition = kind === "CROSS JOIN" ? "" : ` ON ${this.#joinCondition(scope, right.scope, kind === "FULL JOIN")}`;
			text = `${text} ${kind} ${right.text}${condition}`;
			scope = both;
		}
		return { from: text, scope };
	}

	#relation(outer: readonly Visible[], depth: number): { text: string; scope: Visible[] } {
		const random = this.#random;
		const alias = `a${this.#aliasCount++}`;
		const visible = (columns: readonly FuzzColumn[]): Visible[] => columns.map(({ name, kind }) => ({ text: `${alias}.${name}`, kind }));
		if (depth > 0 && random.chance(0.15)) {
			const { text, kinds } = this.#select([], depth - 1);
			return { text: `(${text}) ${alias}`, scope: visible(kinds.map((kind, index) => ({ name: `x${index + 1}`, kind }))) };
		}
		if (outer.length === 0 && depth > 0 && random.chance(0.05)) {
			return { text: `generate_series(1, ${random.below(6)}) AS ${alias}(c0)`, scope: visible([{ name: "c0", kind: "integer" }]) };
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
		const candidates = scope.filter((column) => column.kind === kind);
		return candidates.length === 0 || this.#random.chance(0.1) ? constant(this.#random, kind) : this.#random.pick(candidates).text;
	}

	#aggregate(scope: readonly Visible[], depth: number): { text: string; kind: Kind } {
		const random = this.#random;
		const filter = random.chance(0.15) ? ` FILTER (WHERE ${this.#predicate(scope, 0)})` : "";
		const kind = random.pick(KINDS);
		const number = random.pick(["smallint", "integer", "numeric"] as const);
		return random.pick<() => { text: string; kind: Kind }>([
			() => ({ text: `count(*)${filter}`, kind: "bigint" }),
			() => ({ text: `count(${random.pick(["", "DISTINCT "])}${this.#value(scope, kind, depth - 1)})${filter}`, kind: "bigint" }),
			() => ({ text: `sum(${this.#column(scope, number)})${filter}`, kind: number === "numeric" ? "numeric" : "bigint" }),
			() => ({ text: `avg(${this.#column(scope, number)})${filter}`, kind: "numeric" }),
			() => {
				const sortable = random.pick(SORTABLE.filter((one) => one !== "boolean" && one !== "uuid"));
				return { text: `${random.pick(["min", "max"])}(${this.#value(scope, sortable, depth - 1)})${filter}`, kind: sortable };
			},
			() => ({ text: `bool_${random.pick(["and", "or"])}(${this.#predicate(scope, 0)})${filter}`, kind: "boolean" }),
			() => {
				const text = this.#column(scope, "text");
				return { text: `string_agg(${text}, ',' ORDER BY ${text})${filter}`, kind: "text" };
			},
		])();
	}

	/** Its order is over every column in scope: rows that tie are equal. */
	#window(scope: readonly Visible[]): string {
		const random = this.#random;
		const order = scope.map(({ text }) => text).join(", ");
		const partition = random.chance(0.5) ? `PARTITION BY ${random.pick(scope).text} ` : "";
		return random.pick([
			() => `${random.pick(["row_number", "rank", "dense_rank"])}() OVER (${partition}ORDER BY ${order})`,
			() => `count(*) OVER (${partition.trim()})`,
			() =>
				`count(${random.pick(scope).text}) OVER (${partition}ORDER BY ${order} ROWS BETWEEN ${random.below(3)} PRECEDING AND ${random.below(3)} FOLLOWING)`,
			() => `count(*) OVER (${partition}ORDER BY ${random.pick(scope).text})`,
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
		switch (kind) {
			case "boolean":
				return `(${this.#predicate(scope, depth - 1)})`;
			case "smallint":
			case "integer":
			case "bigint": {
				this.#mayRaise = true;
				const other = this.#column(scope, random.pick(["smallint", kind]));
				return random.pick([
					() => `(${this.#column(scope, kind)} ${random.pick(["+", "-", "*", "/", "%"])} ${other})::${kind}`,
					() => `(- ${this.#column(scope, kind)})`,
					() => `abs(${this.#column(scope, kind)})`,
					() => `length(${this.#column(scope, "text")})::${kind}`,
				])();
			}
			case "numeric":
				this.#mayRaise = true;
				return random.pick([
					() =>
						`(${this.#column(scope, "numeric")} ${random.pick(["+", "-", "*", "/", "%"])} ${this.#column(scope, random.pick(["integer", "numeric"]))})`,
					() => `round(${this.#column(scope, "numeric")}, ${random.between(-2, 4)})`,
					() => `${this.#column(scope, random.pick(["integer", "bigint"]))}::numeric`,
				])();
			case "double":
				this.#mayRaise = true;
				return `(${this.#column(scope, "double")} ${random.pick(["+", "-", "*", "/"])} ${this.#column(scope, random.pick(["integer", "double"]))})`;
			case "text":
				return random.pick([
					() => `upper(${this.#column(scope, "text")})`,
					() => `(${this.#column(scope, "text")} || ${this.#column(scope, random.pick(["text", "text", "integer", "date"]))})`,
					() => `substring(${this.#column(scope, "text")} FROM ${random.between(-1, 3)} FOR ${random.below(4)})`,
					() => `${this.#column(scope, random.pick(["integer", "numeric", "date", "timestamp", "boolean", "uuid"]))}::text`,
					() => `trim(${this.#column(scope, "text")})`,
					() => `replace(${this.#column(scope, "text")}, 'a', 'bb')`,
				])();
			case "date":
				this.#mayRaise = true;
				return random.pick([
					() => `(${this.#column(scope, "date")} + ${random.between(-400, 400)})`,
					() => `${this.#column(scope, "timestamp")}::date`,
				])();
			case "timestamp":
				this.#mayRaise = true;
				return random.pick([
					() => `date_trunc('${random.pick(["year", "month", "week", "day", "hour"])}', ${this.#column(scope, "timestamp")})`,
					() => `(${this.#column(scope, "timestamp")} ${random.pick(["+", "-"])} ${this.#column(scope, "interval")})`,
				])();
			case "interval":
				this.#mayRaise = true;
				return random.pick([
					() => `(${this.#column(scope, "timestamp")} - ${this.#column(scope, "timestamp")})`,
					() => `(${this.#column(scope, "interval")} + ${this.#column(scope, "interval")})`,
				])();
			case "uuid":
				return this.#column(scope, "uuid");
		}
	}

	/** One row at most, by an aggregate. */
	#scalarSubquery(scope: readonly Visible[], kind: Kind, depth: number): string {
		const { from, scope: inner } = this.#from(scope, depth - 1);
		const where = this.#random.chance(0.7) ? ` WHERE ${this.#predicate([...inner, ...scope], 0)}` : "";
		if (kind === "bigint") return `(SELECT count(*) FROM ${from}${where})`;
		if (kind === "boolean" || kind === "uuid") return this.#column(scope, kind);
		return `(SELECT ${this.#random.pick(["min", "max"])}(${this.#column(inner, kind)}) FROM ${from}${where})`;
	}

	#predicate(scope: readonly Visible[], depth: number): string {
		const random = this.#random;
		if (depth > 0 && random.chance(0.35)) {
			const parts = Array.from({ length: random.between(2, 3) }, () => this.#predicate(scope, depth - 1));
			return random.chance(0.15) ? `NOT (${parts[0]})` : `(${parts.join(random.pick([" AND ", " OR "]))})`;
		}
		if (depth > 0 && random.chance(0.15)) return this.#subqueryPredicate(scope, depth);
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
			() => `${random.pick(["", "NOT "])}EXISTS (SELECT 1 FROM ${from}${where})`,
			() => `${this.#column(scope, kind)} ${random.pick(["", "NOT "])}IN ${list}`,
			() => `${this.#column(scope, kind)} ${random.pick(["=", "<", ">=", "<>"])} ${random.pick(["ANY", "ALL"])} ${list}`,
		])();
	}
}
