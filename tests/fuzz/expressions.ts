/** Expressions of one kind from columns in scope, without subqueries. */
import type { Random } from "../sql/random.ts";
import { constant, type Kind } from "./tables.ts";

/** A column in scope, as it is written. */
export interface Visible {
	text: string;
	kind: Kind;
}

export interface Value {
	text: string;
	kind: Kind;
}

export function columnOf(random: Random, scope: readonly Visible[], kind: Kind): string {
	const candidates = scope.filter((column) => column.kind === kind);
	return candidates.length === 0 || random.chance(0.1) ? constant(random, kind) : random.pick(candidates).text;
}

/** A call or an operator, and whether it may raise for a value. */
export function operation(random: Random, scope: readonly Visible[], kind: Exclude<Kind, "boolean">): { text: string; mayRaise: boolean } {
	const column = (wanted: Kind): string => columnOf(random, scope, wanted);
	const safe = ["text", "uuid", "integers"].includes(kind);
	return { text: operationText(random, kind, column), mayRaise: !safe };
}

function operationText(random: Random, kind: Exclude<Kind, "boolean">, column: (kind: Kind) => string): string {
	switch (kind) {
		case "smallint":
		case "integer":
		case "bigint":
			return random.pick([
				() => `(${column(kind)} ${random.pick(["+", "-", "*", "/", "%"])} ${column(random.pick(["smallint", kind]))})::${kind}`,
				() => `(- ${column(kind)})`,
				() => `abs(${column(kind)})`,
				() => `length(${column("text")})::${kind}`,
				() => `(${column("integers")})[${random.between(-1, 3)}]::${kind}`,
				() => `${random.pick([`cardinality(${column("integers")})`, `array_length(${column("integers")}, 1)`])}::${kind}`,
				() =>
					`extract(${random.pick(["year", "month", "day", "dow", "week"])} FROM ${column(random.pick(["date", "timestamp"]))})::${kind}`,
				() => `jsonb_array_length(${column("jsonb")})::${kind}`,
			])();
		case "numeric":
			return random.pick([
				() => `(${column("numeric")} ${random.pick(["+", "-", "*", "/", "%"])} ${column(random.pick(["integer", "numeric"]))})`,
				() => `round(${column("numeric")}, ${random.between(-2, 4)})`,
				() => `${column(random.pick(["integer", "bigint"]))}::numeric`,
				() => `extract(epoch FROM ${column(random.pick(["timestamp", "interval"]))})`,
			])();
		case "double":
			return `(${column("double")} ${random.pick(["+", "-", "*", "/"])} ${column(random.pick(["integer", "double"]))})`;
		case "text":
			return random.pick([
				() => `upper(${column("text")})`,
				() => `(${column("text")} || ${column(random.pick(["text", "text", "integer", "date"]))})`,
				() => `substring(${column("text")} FROM ${random.between(-1, 3)} FOR ${random.below(4)})`,
				() =>
					`${column(random.pick(["integer", "numeric", "date", "timestamp", "boolean", "uuid", "jsonb", "integers", "interval"]))}::text`,
				() => `trim(${column("text")})`,
				() => `replace(${column("text")}, 'a', 'bb')`,
				() => `(${column("jsonb")} ->> ${random.pick(["'a'", "'b'", "0", "-1"])})`,
				() => `array_to_string(${column("integers")}, ','${random.pick(["", ", 'none'"])})`,
			])();
		case "date":
			return random.pick([() => `(${column("date")} + ${random.between(-400, 400)})`, () => `${column("timestamp")}::date`])();
		case "timestamp":
			return random.pick([
				() => `date_trunc('${random.pick(["year", "month", "week", "day", "hour"])}', ${column("timestamp")})`,
				() => `(${column(random.pick(["timestamp", "date"]))} ${random.pick(["+", "-"])} ${column("interval")})`,
			])();
		case "interval":
			return random.pick([
				() => `(${column("timestamp")} - ${column("timestamp")})`,
				() => `(${column("interval")} ${random.pick(["+", "-"])} ${column("interval")})`,
				() => `(${column("interval")} * ${random.between(-3, 3)})`,
				() => `age(${column("timestamp")}, ${column("timestamp")})`,
			])();
		case "uuid":
			return column("uuid");
		case "jsonb":
			return random.pick([
				() => `(${column("jsonb")} -> ${random.pick(["'a'", "'b'", "0", "-1"])})`,
				() => `(${column("jsonb")} #> '{b,0}')`,
				() => `jsonb_build_object('k', ${column(random.pick(["integer", "text", "jsonb"]))})`,
				() => `jsonb_build_array(${column("integer")}, ${column("text")})`,
				() => `to_jsonb(${column(random.pick(["integer", "text", "boolean", "integers", "date"]))})`,
				() => `(${column("jsonb")} - ${random.pick(["'a'", "'b'", "0"])})`,
				() => `(${column("jsonb")} || ${column("jsonb")})`,
			])();
		case "integers":
			return random.pick([
				() => `(${column("integers")} || ${column(random.pick(["integers", "integer"]))})`,
				() => `ARRAY[${column("integer")}, ${column("integer")}]`,
				() => `(${column("integers")})[${random.between(0, 2)}:${random.between(1, 3)}]`,
				() => `array_remove(${column("integers")}, ${column("integer")})`,
				() => `array_append(${column("integers")}, ${column("integer")})`,
			])();
	}
}

/** Of arrays and documents. */
export function nestedPredicate(random: Random, scope: readonly Visible[]): string {
	const column = (wanted: Kind): string => columnOf(random, scope, wanted);
	return random.pick([
		() => `${column("integer")} ${random.pick(["=", "<", "<>"])} ${random.pick(["ANY", "ALL"])} (${column("integers")})`,
		() => `${column("integers")} ${random.pick(["@>", "<@", "&&"])} ${column("integers")}`,
		() => `${column("jsonb")} ${random.pick(["@>", "<@"])} ${random.pick([column("jsonb"), `'{"a": 1}'`])}`,
		() => `${column("jsonb")} ? ${random.pick(["'a'", "'b'", "'two'"])}`,
		() => `jsonb_typeof(${column("jsonb")}) = ${random.pick(["'object'", "'array'", "'null'"])}`,
	])();
}

/** Its order is over every column in scope: rows that tie are equal. */
export function windowOf(random: Random, scope: readonly Visible[]): Value {
	const order = scope.map(({ text }) => `${text}${random.pick(["", "", " DESC", " NULLS FIRST"])}`).join(", ");
	const partition = random.chance(0.5) ? `PARTITION BY ${random.pick(scope).text} ` : "";
	const bound = (): number => random.below(3);
	const frame = random.pick([
		"",
		` ROWS BETWEEN ${bound()} PRECEDING AND ${bound()} FOLLOWING`,
		` GROUPS BETWEEN ${bound()} PRECEDING AND CURRENT ROW`,
		" RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING",
		` ROWS BETWEEN UNBOUNDED PRECEDING AND ${bound()} FOLLOWING EXCLUDE ${random.pick(["CURRENT ROW", "GROUP", "TIES"])}`,
	]);
	const over = `OVER (${partition}ORDER BY ${order}${frame})`;
	const shown = random.pick(scope);
	const number = columnOf(random, scope, "integer");
	return random.pick<() => Value>([
		() => ({ text: `${random.pick(["row_number", "rank", "dense_rank"])}() ${over}`, kind: "bigint" }),
		() => ({ text: `${random.pick(["percent_rank", "cume_dist"])}() ${over}`, kind: "double" }),
		() => ({ text: `ntile(${random.between(1, 4)}) ${over}`, kind: "integer" }),
		() => ({ text: `count(*) OVER (${partition.trim()})`, kind: "bigint" }),
		() => ({ text: `count(${shown.text}) ${over}`, kind: "bigint" }),
		() => ({ text: `count(*) OVER (${partition}ORDER BY ${shown.text})`, kind: "bigint" }),
		() => ({ text: `sum(${number}) ${over}`, kind: "bigint" }),
		() => ({ text: `avg(${number}) ${over}`, kind: "numeric" }),
		() => ({ text: `${random.pick(["min", "max"])}(${number}) ${over}`, kind: "integer" }),
		() => ({ text: `${random.pick(["lag", "lead"])}(${shown.text}${random.pick(["", ", 2", ", 0"])}) ${over}`, kind: shown.kind }),
		() => ({ text: `${random.pick(["first_value", "last_value"])}(${shown.text}) ${over}`, kind: shown.kind }),
		() => ({ text: `nth_value(${shown.text}, ${random.between(1, 3)}) ${over}`, kind: shown.kind }),
	])();
}
