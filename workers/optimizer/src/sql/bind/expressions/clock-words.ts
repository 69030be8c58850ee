/** Texts that stand for the time at which the statement began: `'now'`, `'today'`, `'tomorrow'`, `'yesterday'`. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";

const DAYS_FROM_TODAY: Record<string, number> = { yesterday: -1, today: 0, tomorrow: 1 };
const NOW: { [kind in DataType["kind"]]?: string } = {
	timestamptz: "now()",
	timestamp: "localtimestamp()",
	date: "current_date()",
	time: "localtime()",
};

/** @returns null for any other text, and for types that know no such words */
export function clockWord(text: string, type: DataType): Expression | null {
	const word = text.trim().toLowerCase();
	const functionId = NOW[type.kind];
	if (functionId === undefined) return null;
	if (word === "now") return { kind: "call", functionId, arguments: [], type };
	const days = DAYS_FROM_TODAY[word];
	if (days === undefined || type.kind === "time") return null;
	const date: DataType = { kind: "date" };
	const today: Expression = { kind: "call", functionId: "current_date()", arguments: [], type: date };
	const offset: Expression = { kind: "constant", value: days, type: { kind: "integer" } };
	const day: Expression = days === 0 ? today : { kind: "call", functionId: "add(date,integer)", arguments: [today, offset], type: date };
	return type.kind === "date" ? day : { kind: "cast", input: day, type, explicit: false };
}
