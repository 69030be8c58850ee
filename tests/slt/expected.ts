/** Does an answer hold what a file expects? Values are compared as the file's product prints them, with the freedom that its format leaves. */
import type { TextAnswer } from "../sql/oracle.ts";
import type { SltRecord } from "./parse.ts";

/** @returns true where the record's product and the answer agree */
export function meets(record: SltRecord, answer: TextAnswer): boolean {
	if (record.fails) return answer.error !== undefined;
	if (answer.error !== undefined) return false;
	if (record.kind === "statement") return true;
	const types = answer.columns.map(({ type }) => type);
	const columnCount = types.length;
	if (record.types !== "" && columnCount !== record.types.length) return false;
	const actual = answer.rows.map((row) => row.map((value, column) => printed(value, types[column] as string)));
	const isList = columnCount > 1 && record.expected.length === actual.length * columnCount;
	if (!isList && record.expected.length !== actual.length) return false;
	const lines = isList ? chunks(record.expected, columnCount) : record.expected.map((line) => splitLine(line, columnCount));
	const expected = lines.map((row) =>
		row.length === columnCount ? row.map((value, column) => plain(value, types[column] as string)) : row,
	);
	// Without an ORDER BY the order of a file is its product's, and so for rowsort.
	const ordered = record.sort === "nosort" && /\border\s+by\b/i.test(record.sql);
	return sameRows(actual, expected, ordered);
}

function printed(value: string | null, type: string): string {
	return plain(value === null ? "NULL" : value === "" ? "(empty)" : value, type);
}

function chunks(values: readonly string[], size: number): string[][] {
	return Array.from({ length: values.length / size }, (_, index) => values.slice(index * size, (index + 1) * size));
}

/** By tabs; where there are none, by blanks: values with blanks in them then give more parts than columns. */
function splitLine(line: string, columnCount: number): string[] {
	if (columnCount === 1) return [line];
	const byTab = line.split("\t");
	return byTab.length === columnCount ? byTab : line.trim().split(/\s+/);
}

/** Rows whose values could not be told apart are compared word by word. */
function sameRows(actual: string[][], expected: string[][], ordered: boolean): boolean {
	const [left, right] = [actual, expected].map((rows) => (ordered ? rows : rows.toSorted((a, b) => (a.join(" ") < b.join(" ") ? -1 : 1))));
	return (left as string[][]).every((row, index) => {
		const other = (right as string[][])[index] as string[];
		if (row.length !== other.length) return sameWords(row, other);
		return row.every((value, column) => same(value, other[column] as string));
	});
}

function sameWords(row: string[], other: string[]): boolean {
	const [words, others] = [row, other].map((values) => values.join(" ").split(/\s+/)) as [string[], string[]];
	return words.length === others.length && words.every((word, index) => same(word, others[index] as string));
}

/** An interval as text: ISO 8601, or in words and a time. */
const INTERVAL_TEXT = /^P[-\dT]|\d+ (year|mon|day)/;

/** One spelling of what products print differently. */
function plain(value: string, type: string): string {
	const text = value.trim();
	if (text === "NULL") return text;
	if (type === "boolean") return ["true", "t", "1"].includes(text) ? "t" : "f";
	if (type === "interval" || (/^(text|character varying)$/.test(type) && INTERVAL_TEXT.test(text))) return intervalUnits(text);
	return text !== "" && !Number.isNaN(Number(text)) ? String(Number(text)) : text;
}

/** Months, days and microseconds of `1 year 2 mons 3 days -04:05:06.7`, DuckDB's or PostgreSQL's, or of ISO 8601. */
function intervalUnits(text: string): string {
	let [months, days, microseconds] = [0, 0, 0];
	const iso = text.startsWith("P");
	for (const { 1: count, 2: unit, index } of text.matchAll(iso ? /([-\d.]+)([YMWDHS])/g : /([-+]?\d+) (year|mon|day)/g)) {
		const isTime = iso && text.includes("T") && index > text.indexOf("T");
		if (unit === "Y" || unit === "year") months += 12 * Number(count);
		else if ((unit === "M" && !isTime) || unit === "mon") months += Number(count);
		else if (unit === "D" || unit === "day") days += Number(count);
		else microseconds += Math.round(Number(count) * (unit === "H" ? 3600e6 : unit === "M" ? 60e6 : 1e6));
	}
	const time = /(-?)(\d+):(\d+)(?::([\d.]+))?/.exec(iso ? "" : text);
	if (time !== null) {
		const [, sign, hours, minutes, seconds = "0"] = time;
		microseconds = (sign === "-" ? -1 : 1) * Math.round(Number(hours) * 3600e6 + Number(minutes) * 60e6 + Number(seconds) * 1e6);
	}
	return `${months} ${days} ${microseconds}`;
}

function same(actual: string, expected: string): boolean {
	if (actual === expected) return true;
	if (expected.startsWith("<REGEX>:")) return new RegExp(expected.slice("<REGEX>:".length)).test(actual);
	const [a, b] = [Number(actual), Number(expected)];
	return (
		Number.isFinite(a) && Number.isFinite(b) && Math.abs(a - b) <= 1e-3 * Math.max(Math.abs(a), Math.abs(b), 1e-9) && /[.e]/.test(expected)
	);
}
