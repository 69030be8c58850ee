/**
 * Random SELECTs over two tables, made from a seed. They are within what the SQL of today promises, and say something about order only with an ORDER BY
 * over every output column. Predicates cannot raise: which row raises first is not part of SQL.
 */
import { dateText, WORDS } from "./random-rows.ts";
import { Random } from "./random.ts";

type Kind = "integer" | "bigint" | "numeric" | "double" | "text" | "date" | "timestamp" | "boolean";

interface Column {
	table: "f" | "d";
	name: string;
	kind: Kind;
}

const COLUMNS: readonly Column[] = [
	{ table: "f", name: "id", kind: "bigint" },
	{ table: "f", name: "k", kind: "integer" },
	{ table: "f", name: "s", kind: "integer" },
	{ table: "f", name: "big", kind: "bigint" },
	{ table: "f", name: "amount", kind: "numeric" },
	{ table: "f", name: "ratio", kind: "double" },
	{ table: "f", name: "label", kind: "text" },
	{ table: "f", name: "code", kind: "text" },
	{ table: "f", name: "day", kind: "date" },
	{ table: "f", name: "at", kind: "timestamp" },
	{ table: "f", name: "flag", kind: "boolean" },
	{ table: "d", name: "k", kind: "integer" },
	{ table: "d", name: "name", kind: "text" },
	{ table: "d", name: "weight", kind: "numeric" },
	{ table: "d", name: "since", kind: "date" },
];

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** One query, and whether it fixes the order of its rows. */
export function randomSelect(seed: number): { sql: string; ordered: boolean } {
	return new Generator(new Random(seed)).select();
}

class Generator {
	readonly #random: Random;
	#columns: readonly Column[] = [];

	constructor(random: Random) {
		this.#random = random;
	}

	select(): { sql: string; ordered: boolean } {
		const random = this.#random;
		const join = random.pick(["none", "none", "inner", "left", "comma"]);
		this.#columns = COLUMNS.filter((column) => column.table === "f" || join !== "none");
		const from = {
			none: "facts f",
			inner: "facts f JOIN dims d ON f.k = d.k",
			left: "facts f LEFT JOIN dims d ON f.k = d.k",
			comma: "facts f, dims d",
		}[join] as string;
		const predicates = [...(join === "comma" ? ["f.k = d.k"] : []), ...(random.chance(0.8) ? [this.#predicate(2)] : [])];
		const where = predicates.length === 0 ? "" : ` WHERE ${predicates.join(" AND ")}`;
		const grouped = random.chance(0.5);
		const keys = grouped ? this.#some(0, 2, () => this.#value(this.#kind(), 1)) : [];
		const items = grouped ? [...keys, ...this.#some(1, 3, () => this.#aggregate())] : this.#some(1, 4, () => this.#value(this.#kind(), 2));
		const distinct = !grouped && random.chance(0.2) ? "DISTINCT " : "";
		const list = items.map((item, index) => `${item} AS c${index + 1}`).join(", ");
		const groupBy = keys.length === 0 ? "" : ` GROUP BY ${keys.map((_, index) => index + 1).join(", ")}`;
		const having = grouped && random.chance(0.3) ? ` HAVING count(*) > ${random.below(20)}` : "";
		const ordered = random.chance(0.6);
		const directions = items.map((_, index) => `${index + 1}${random.pick(["", " DESC", " NULLS FIRST", " DESC NULLS LAST"])}`);
		const orderBy = ordered ? ` ORDER BY ${directions.join(", ")}` : "";
		const limit =
			ordered && random.chance(0.5) ? ` LIMIT ${random.below(30)}${random.chance(0.3) ? ` OFFSET ${random.below(10)}` : ""}` : "";
		return { sql: `SELECT ${distinct}${list} FROM ${from}${where}${groupBy}${having}${orderBy}${limit}`, ordered };
	}

	#some<Item>(low: number, high: number, make: () => Item): Item[] {
		return Array.from({ length: this.#random.between(low, high) }, make);
	}

	#kind(): Kind {
		return this.#random.pick(["integer", "integer", "bigint", "numeric", "double", "text", "text", "date", "timestamp", "boolean"]);
	}

	#column(kind: Kind): string {
		const column = this.#random.pick(this.#columns.filter((candidate) => candidate.kind === kind));
		return `${column.table}.${column.name}`;
	}

	#aggregate(): string {
		const random = this.#random;
		const kind = random.pick(["count", "distinct", "sum", "avg", "minmax"]);
		if (kind === "count") return random.pick(["count(*)", `count(${this.#column(this.#kind())})`]);
		if (kind === "distinct") return `count(DISTINCT ${this.#column(this.#kind())})`;
		if (kind === "minmax")
			return `${random.pick(["min", "max"])}(${this.#value(random.pick(["integer", "bigint", "numeric", "double", "text", "date", "timestamp"]), 1)})`;
		return `${kind}(${this.#value(random.pick(["integer", "bigint", "numeric", "double"]), 1)})`;
	}

	/** An expression of `kind` that raises for no row. */
	#value(kind: Kind, depth: number): string {
		const random = this.#random;
		if (kind === "boolean") return depth > 0 && random.chance(0.4) ? `(${this.#predicate(depth - 1)})` : this.#column("boolean");
		if (depth === 0 || random.chance(0.5)) return this.#column(kind);
		if (random.chance(0.15)) {
			return `CASE WHEN ${this.#predicate(0)} THEN ${this.#value(kind, 0)} ${random.chance(0.7) ? `ELSE ${this.#value(kind, 0)} ` : ""}END`;
		}
		if (random.chance(0.1)) return `coalesce(${this.#column(kind)}, ${this.#constant(kind)})`;
		switch (kind) {
			case "integer":
				return random.pick([
					() => `(${this.#column("integer")} ${random.pick(["+", "-", "*"])} ${random.between(-9, 9)})`,
					() => `(${this.#column("integer")} ${random.pick(["/", "%"])} ${random.between(1, 9)})`,
					() => `length(${this.#column("text")})`,
					() => `(-${this.#column("integer")})`,
					() => `(${this.#column("date")} - ${this.#column("date")})`,
				])();
			case "bigint":
				return `(${this.#column("bigint")} ${random.pick(["+", "-", "/", "%"])} ${random.between(1, 99)})`;
			case "numeric":
				return random.pick([
					() => `(${this.#column("numeric")} ${random.pick(["+", "-", "*"])} ${this.#column("numeric")})`,
					() => `(${this.#column("numeric")} ${random.pick(["/", "*"])} ${random.pick(["3", "0.7", "1.25", "-12"])})`,
					() => `round(${this.#column("numeric")}, ${random.below(3)})`,
					() => `extract(${random.pick(["year", "month", "day", "hour", "minute", "second", "epoch"])} FROM ${this.#column("timestamp")})`,
					() => `CAST(${this.#column("integer")} AS NUMERIC(9,3))`,
				])();
			case "double":
				return random.pick([
					() => `(${this.#column("double")} ${random.pick(["+", "-", "*"])} ${random.pick(["2", "0.5", "-3"])})`,
					() => `CAST(${this.#column("integer")} AS DOUBLE PRECISION)`,
				])();
			case "text":
				return random.pick([
					() => `${random.pick(["lower", "upper"])}(${this.#column("text")})`,
					() => `substring(${this.#column("text")} FROM ${random.between(1, 3)} FOR ${random.below(4)})`,
					() => `(${this.#column("text")} || ${literal(random.pick(WORDS))})`,
					() => `CAST(${this.#column(random.pick(["integer", "bigint", "numeric", "date", "timestamp"]))} AS TEXT)`,
				])();
			case "date":
				return random.pick([
					() => `(${this.#column("date")} + ${random.between(-400, 400)})`,
					() => `CAST(${this.#column("timestamp")} AS DATE)`,
				])();
			case "timestamp":
				return random.pick([
					() => `date_trunc('${random.pick(["year", "quarter", "month", "week", "day", "hour", "minute"])}', ${this.#column("timestamp")})`,
					() =>
						`(${this.#column(random.pick(["timestamp", "date"]))} ${random.pick(["+", "-"])} INTERVAL '${random.pick(["1 month", "3 days", "1 year 2 mons", "90 minutes"])}')`,
				])();
		}
	}

	#constant(kind: Kind): string {
		const random = this.#random;
		switch (kind) {
			case "integer":
				return String(random.between(-10, 60));
			case "bigint":
				return random.pick(["9007199254740993", "0", "-17", "500"]);
			case "numeric":
				return `${random.between(-500, 500)}.${random.between(10, 99)}`;
			case "double":
				return random.pick(["0.1", "100.5", "-3", "1e3"]);
			case "text":
				return literal(random.pick(WORDS));
			case "date":
				return `DATE ${literal(dateText(random.between(10_000, 12_000)))}`;
			case "timestamp":
				return `TIMESTAMP ${literal(`${dateText(random.between(10_000, 10_400))} 12:00:00`)}`;
			case "boolean":
				return random.pick(["TRUE", "FALSE"]);
		}
	}

	#predicate(depth: number): string {
		const random = this.#random;
		if (depth > 0 && random.chance(0.5)) {
			const parts = this.#some(2, 3, () => this.#predicate(depth - 1));
			return random.chance(0.15) ? `NOT (${parts[0]})` : `(${parts.join(random.pick([" AND ", " OR "]))})`;
		}
		const kind = this.#kind();
		const left = this.#value(kind, depth);
		return random.pick([
			() => `${left} ${random.pick(["=", "<>", "<", "<=", ">", ">="])} ${this.#constant(kind)}`,
			() => `${left} ${random.pick(["=", "<", ">"])} ${this.#value(kind, 0)}`,
			() => `${left} IS ${random.pick(["", "NOT "])}NULL`,
			() => `${left} ${random.pick(["", "NOT "])}IN (${this.#some(1, 5, () => this.#constant(kind)).join(", ")})`,
			() => `${left} BETWEEN ${this.#constant(kind)} AND ${this.#constant(kind)}`,
			() =>
				`${this.#column("text")} ${random.pick(["", "NOT "])}LIKE ${literal(random.pick(["%a%", "a%", "%e", "_", "%_r%", "100\\%", "EDGE", "%😀%"]))}`,
		])();
	}
}
