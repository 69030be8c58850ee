/** Writes an expression once and gets both forms of it: the bound expression and PostgreSQL's SQL. */
import { type DataType, typeName } from "#shared/contracts/data-type.ts";
import { signatureById } from "#shared/contracts/functions/registry.ts";
import { OPERATOR_FUNCTIONS } from "#shared/contracts/functions/signature.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import { parseValue } from "#shared/contracts/values/parse.ts";
import { isLittoralError } from "#shared/base/errors.ts";
import type { PGlite } from "@electric-sql/pglite";
import type { PlanStatement } from "#shared/contracts/plan/physical.ts";
import type { Engine } from "../kernels/kernels.ts";
import { Lease } from "../memory/lease.ts";
import { VectorBuilder } from "../vector/builder.ts";
import { readValue } from "../vector/read.ts";
import { compileExpression } from "./compile.ts";
import { evaluateConstant } from "./fold.ts";

export interface Case {
	expression: Expression;
	sql: string;
}

const SIMPLE: Record<string, DataType> = {
	"double precision": { kind: "double" },
	int2: { kind: "smallint" },
	int: { kind: "integer" },
	int8: { kind: "bigint" },
	float4: { kind: "real" },
	float8: { kind: "double" },
};

/** `numeric(10,2)`, `varchar(3)`, `text` and so on. */
export function typeOf(name: string): DataType {
	if (name.endsWith("[]")) return { kind: "array", element: typeOf(name.slice(0, -2)) };
	const sized = /^(numeric|varchar|char)\((\d+)(?:,(\d+))?\)$/.exec(name);
	if (sized !== null) {
		const size = Number(sized[2]);
		if (sized[1] === "numeric") return { kind: "numeric", precision: size, scale: Number(sized[3] ?? 0) };
		return { kind: sized[1] as "varchar" | "char", length: size };
	}
	return SIMPLE[name] ?? ({ kind: name } as DataType);
}

/** A typed literal; null text is the typed NULL. */
export function lit(type: string | DataType, text: string | null): Case {
	const dataType = typeof type === "string" ? typeOf(type) : type;
	const sql = text === null ? "NULL" : `'${text.replaceAll("'", "''")}'`;
	return {
		expression: { kind: "constant", type: dataType, value: text === null ? null : parseValue(dataType, text) },
		sql: `(${sql}::${typeName(dataType)})`,
	};
}

const BINARY = new Map(Object.entries(OPERATOR_FUNCTIONS.binary).map(([operator, name]) => [name, operator]));
const UNARY = new Map(Object.entries(OPERATOR_FUNCTIONS.unary).map(([operator, name]) => [name, operator]));
const NAMED = new Set(["power", "starts_with", "abs", "sqrt", "cbrt"]);

export function call(functionId: string, ...operands: Case[]): Case {
	const signature = signatureById(functionId);
	if (signature === undefined) throw new Error(`no function ${functionId}`);
	const { name } = signature;
	const texts = operands.map((operand) => operand.sql);
	const infix = NAMED.has(name) ? undefined : BINARY.get(name);
	const prefix = NAMED.has(name) ? undefined : UNARY.get(name);
	let sql = `${name}(${texts.join(", ")})`;
	if (texts.length === 2 && infix !== undefined) sql = `(${texts[0]} ${infix} ${texts[1]})`;
	else if (texts.length === 1 && prefix !== undefined) sql = `(${prefix} ${texts[0]})`;
	else if (texts.length === 3 && infix !== undefined) sql = `(${texts[0]} ${name.replace("_", " ")} ${texts[1]} escape ${texts[2]})`;
	else if (name === "overlaps" && texts.length === 4) sql = `((${texts[0]}, ${texts[1]}) overlaps (${texts[2]}, ${texts[3]}))`;
	else if (name === "normalize") sql = `"normalize"(${texts.join(", ")})`;
	else if (name === "extract") sql = `extract(${/'(\w*)'/.exec(texts[0] as string)?.[0]} from ${texts[1]})`;
	else if (name === "position") sql = `position(${texts[1]} in ${texts[0]})`;
	return {
		expression: {
			kind: "call",
			functionId,
			arguments: operands.map((operand) => operand.expression),
			type: signature.result(operands.map((operand) => operand.expression.type)),
		},
		sql,
	};
}

/** `explicit` false cannot be written in a SELECT: only the explicit cast has SQL. */
export function cast(input: Case, type: string): Case {
	const dataType = typeOf(type);
	return {
		expression: { kind: "cast", input: input.expression, type: dataType, explicit: true },
		sql: `(${input.sql}::${typeName(dataType)})`,
	};
}

/** What an evaluation came to, as both sides print it. */
export interface Outcome {
	type?: string;
	text?: string | null;
	error?: string;
}

export const STATEMENT: PlanStatement = { nowMicroseconds: 1_700_000_000_123_456n, timeZone: "UTC", parameters: [] };

function outcomeOf(run: () => Outcome): Outcome {
	try {
		return run();
	} catch (error) {
		if (!isLittoralError(error)) throw error;
		return { error: `${error.details.sqlstate}: ${error.message}` };
	}
}

/** `pg_typeof` shows no length, precision or scale. */
const baseName = (type: DataType): string => typeName(type).replace(/\([\d,]+\)/, "");

export function ours(engine: Engine, expression: Expression, statement = STATEMENT): Outcome {
	return outcomeOf(() => {
		const value = evaluateConstant(expression, { engine, statement });
		const text = value === null ? null : formatValue(expression.type, value, { timeZone: statement.timeZone });
		return { type: baseName(expression.type), text };
	});
}

/** The same with every constant in a column: NULLs above and below it, and a selection that skips a row. */
export function oursInColumns(engine: Engine, expression: Expression, statement = STATEMENT): Outcome {
	const lease = new Lease(engine.arena, { owner: "test" });
	try {
		const region = lease.region();
		const columns: VectorBuilder[] = [];
		const replace = (inner: Expression): Expression => {
			if (inner.kind === "constant") {
				const column = new VectorBuilder(engine, region, inner.type, 8);
				for (const value of [inner.value, inner.value, null, inner.value]) column.append(value);
				columns.push(column);
				return { kind: "column", index: columns.length - 1, type: inner.type };
			}
			if (inner.kind === "call") return { ...inner, arguments: inner.arguments.map(replace) };
			if (inner.kind === "cast") return { ...inner, input: replace(inner.input) };
			return inner;
		};
		const inColumns = replace(expression);
		const selection = region.allocate(6);
		engine.arena.views.u16.set([0, 2, 3], selection / 2);
		const batch = { rowCount: 4, columns: columns.map((column) => column.finish()), selection, selectedCount: 3 };
		return outcomeOf(() => {
			const vector = compileExpression(inColumns, { engine, statement }).evaluate(batch, region);
			const texts = [0, 3].map((row) => {
				const value = readValue(engine, vector, row);
				return value === null ? null : formatValue(expression.type, value, { timeZone: statement.timeZone });
			});
			if (texts[0] !== texts[1]) throw new Error(`rows differ: ${texts.join(" and ")}`);
			return { type: baseName(expression.type), text: texts[0] ?? null };
		});
	} finally {
		lease.release();
	}
}

export async function postgres(database: PGlite, sql: string): Promise<Outcome> {
	try {
		const { rows } = await database.query<{ text: string; isnull: boolean; type: string }>(
			`select format('%s', v) as text, (v is null) as isnull, pg_typeof(v)::text as type from (select ${sql} as v) s`,
		);
		const row = rows[0] as { text: string; isnull: boolean; type: string };
		return { type: row.type, text: row.isnull ? null : row.text };
	} catch (error) {
		const { code, message } = error as { code: string; message: string };
		return { error: `${code}: ${message}` };
	}
}
