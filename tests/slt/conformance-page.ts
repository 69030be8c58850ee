/** `docs/conformance.md`, from what became of each record. */

export interface Judged {
	path: string;
	line: number;
	sql: string;
	/** Why it was not judged. */
	skipped: string | null;
	/** How the answer differs from PostgreSQL's. */
	wrong: string | null;
}

export function conformancePage(judged: readonly Judged[]): string {
	const corpora = [...new Set(judged.map(corpusOf))];
	const rows = corpora.map((corpus) =>
		row(
			corpus,
			judged.filter((one) => corpusOf(one) === corpus),
		),
	);
	const reasons = Map.groupBy(
		judged.filter(({ skipped }) => skipped !== null),
		({ skipped }) => skipped as string,
	);
	const failed = judged.filter(({ wrong }) => wrong !== null);
	return `# Conformance

Written by \`UPDATE_CONFORMANCE=1 npx vitest run --project slt corpora\`; a test keeps it true. Each record of other projects' sqllogictest files runs through \`POST /v1/sql\`, and through PostgreSQL 18 (PGlite). Where PostgreSQL agrees with the file, Littoral must answer as PostgreSQL does: names, types, text, SQLSTATE, and order under ORDER BY.

| corpus | records | passed | failed | skipped | passed of judged |
| --- | --- | --- | --- | --- | --- |
${[...rows, row("all", judged)].join("\n")}

## Skipped

| reason | records |
| --- | --- |
${[...reasons]
	.toSorted(([left], [right]) => (left < right ? -1 : 1))
	.map(([reason, list]) => `| ${reason} | ${list.length} |`)
	.join("\n")}

\`dialect\`: PostgreSQL itself does not answer as the file expects. \`server\`: sessions, transactions, schemas, indexes. \`deferred\`: statements of a later version, and records that read a table which such a statement made or changed. The list is \`tests/slt/skips.tsv\`.

## Failed

| record | difference |
| --- | --- |
${failed.map(({ path, line, wrong }) => `| ${path}:${line} | ${(wrong ?? "").replaceAll("|", "\\|").replaceAll("\n", " ").slice(0, 160)} |`).join("\n")}
`;
}

const corpusOf = ({ path }: Judged): string => path.slice(0, path.indexOf("/"));

function row(name: string, judged: readonly Judged[]): string {
	const skipped = judged.filter((one) => one.skipped !== null).length;
	const failed = judged.filter((one) => one.wrong !== null).length;
	const passed = judged.length - skipped - failed;
	return `| ${name} | ${judged.length} | ${passed} | ${failed} | ${skipped} | ${((100 * passed) / Math.max(1, passed + failed)).toFixed(1)}% |`;
}
