/** Our own sqllogictest files, by feature. */
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/fleet.ts";
import type { TextAnswer } from "../sql/oracle.ts";
import { parseSlt, type SltRecord } from "./parse.ts";

const FOLDER = join(ROOT, "tests/slt/features");

export interface FeatureFile {
	name: string;
	/** Comment lines at its head. */
	head: string;
	records: SltRecord[];
}

/** @param only part of the names wanted */
export function features(only: string): FeatureFile[] {
	return globSync("*.slt", { cwd: FOLDER })
		.toSorted()
		.filter((name) => name.includes(only))
		.map((name) => {
			const text = readFileSync(join(FOLDER, name), "utf8");
			return { name, head: /^(?:#.*\n)*/.exec(text)?.[0] ?? "", records: parseSlt(text, name) };
		});
}

export const isOrdered = ({ kind, sort }: Pick<SltRecord, "kind" | "sort">): boolean => kind === "query" && sort === "nosort";

/** A record as its file has it: rows sorted unless their order is promised. */
export function writtenAnswer(record: Pick<SltRecord, "kind" | "sort">, answer: TextAnswer): string[] {
	// A row without columns cannot be written: an empty line ends a record.
	if (answer.columns.length === 0) return [];
	const lines = answer.rows.map((row) =>
		row.map((value) => (value === null ? "NULL" : value === "" ? "(empty)" : value.replaceAll("\n", "\\n"))).join("\t"),
	);
	return isOrdered(record) ? lines : lines.toSorted();
}

/** Writes a file anew with the oracle's answers. */
export function writeFeature({ name, head }: FeatureFile, answered: readonly { record: SltRecord; answer: TextAnswer }[]): void {
	writeFileSync(join(FOLDER, name), `${head}\n${answered.map(({ record, answer }) => recordText(record, answer)).join("\n")}`);
}

export function recordText(record: Pick<SltRecord, "kind" | "sql" | "sort">, answer: TextAnswer): string {
	if (answer.error) return `${record.kind} error ${answer.error.sqlstate}\n${record.sql}\n`;
	if (record.kind === "statement") return `statement ok\n${record.sql}\n`;
	const types = answer.columns.map(({ type }) => letterOf(type)).join("");
	const sort = isOrdered(record) ? "" : " rowsort";
	return `query ${types}${sort}\n${[record.sql, "----", ...writtenAnswer(record, answer)].join("\n")}\n`;
}

function letterOf(type: string): string {
	if (/^(smallint|integer|bigint)$/.test(type)) return "I";
	return /^(numeric|real|double precision)$/.test(type) ? "R" : "T";
}
