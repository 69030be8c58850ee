/** sqllogictest files, as DuckDB and RisingWave write them. @see https://sqlite.org/sqllogictest */

export interface SltRecord {
	/** Of the first line, from 1. */
	line: number;
	sql: string;
	/** A `query` has rows to compare; a `statement` only succeeds or fails. */
	kind: "statement" | "query";
	/** It must end in an error; the message that follows is another product's. */
	fails: boolean;
	/** Column types of a query, one letter each: I, R, T, ... */
	types: string;
	sort: "nosort" | "rowsort" | "valuesort";
	/** Lines after `----`. */
	expected: string[];
	/** SQLSTATE that our own files may name: `statement error 42P01`. */
	sqlstate: string | null;
}

/** @throws Error naming file and line of a directive that nobody knows */
export function parseSlt(text: string, path: string): SltRecord[] {
	const records: SltRecord[] = [];
	// A record ends at an empty line, one of our own ends at the end of the file.
	const lines = text.replaceAll("\r\n", "\n").split("\n");
	let skipped = false;
	for (let index = 0; index < lines.length; index++) {
		const line = (lines[index] as string).trim();
		if (line === "" || line.startsWith("#")) continue;
		const [directive = "", ...words] = line.split(/\s+/);
		if (directive === "halt") break;
		if (directive === "skipif") {
			skipped = words[0] === "postgresql";
			continue;
		}
		if (directive === "onlyif") {
			skipped = words[0] !== "postgresql";
			continue;
		}
		if (directive !== "statement" && directive !== "query") throw new Error(`${path}:${index + 1}: unknown directive ${directive}`);
		const start = index + 1;
		const body: string[] = [];
		const expected: string[] = [];
		let separated = false;
		for (index++; index < lines.length; index++) {
			const next = lines[index] as string;
			if (next.trim() === "" && (separated || !blankInside(lines, index))) break;
			if (next.trim() === "----") separated = true;
			else (separated ? expected : body).push(next);
		}
		if (!skipped) records.push({ line: start, sql: body.join("\n").trim(), ...headOf(directive, words), expected });
		skipped = false;
	}
	return records;
}

/** Some files have empty lines inside a statement: then its `----` comes before the next directive. */
function blankInside(lines: readonly string[], index: number): boolean {
	for (let next = index + 1; next < lines.length; next++) {
		const line = (lines[next] as string).trim();
		if (line === "----") return true;
		if (line === "" || /^(statement|query|halt|skipif|onlyif|#)/.test(line)) return false;
	}
	return false;
}

function headOf(directive: "statement" | "query", words: string[]): Pick<SltRecord, "kind" | "fails" | "types" | "sort" | "sqlstate"> {
	const fails = words[0] === "error";
	const sort = words.find((word): word is SltRecord["sort"] => ["nosort", "rowsort", "valuesort"].includes(word)) ?? "nosort";
	const sqlstate = fails && /^[0-9A-Z]{5}$/.test(words[1] ?? "") ? (words[1] as string) : null;
	return { kind: directive, fails, types: directive === "query" && !fails ? (words[0] ?? "") : "", sort, sqlstate };
}
