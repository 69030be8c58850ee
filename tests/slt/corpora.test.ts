/**
 * The corpora through the SQL endpoint. PostgreSQL answers every record too: where it agrees with the file, Littoral must answer as PostgreSQL does, in names, types, text and SQLSTATE.
 * UPDATE_CONFORMANCE=1 writes `skips.tsv` and `docs/conformance.md` anew; FILES=substring runs some.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LittoralClient } from "../../scripts/client.ts";
import { ROOT } from "../../scripts/fleet.ts";
import { type Harness, startHarness } from "../harness.ts";
import { difference, littoralAnswer } from "../sql/answers.ts";
import { Oracle, type TextAnswer } from "../sql/oracle.ts";
import { conformancePage, type Judged } from "./conformance-page.ts";
import { corpora, type SltFile } from "./corpora.ts";
import type { SltRecord } from "./parse.ts";
import { Skips } from "./skips.ts";

const SKIPS = join(ROOT, "tests/slt/skips.tsv");
const PAGE = join(ROOT, "docs/conformance.md");
/** The goal is 0.97. */
const PASS_FRACTION_MIN = 0.97;
const UPDATE = process.env["UPDATE_CONFORMANCE"] === "1";
const ONLY = process.env["FILES"] ?? "";

const files = corpora().filter(({ path }) => path.includes(ONLY));

async function judge(client: LittoralClient, record: SltRecord, postgres: TextAnswer): Promise<string | null> {
	const actual = await littoralAnswer(client, record.sql);
	if (record.kind === "statement" && actual.error === undefined && postgres.error === undefined) return null;
	const ordered = record.sort === "nosort" && /\border\s+by\b/i.test(record.sql);
	return difference(record.sql, actual, postgres, ordered);
}

describe.skipIf(files.length === 0)("the corpora", () => {
	let harness: Harness;
	let oracle: Oracle;
	beforeAll(async () => {
		[harness, oracle] = await Promise.all([startHarness({ rateLimitRequestCount: 1_000_000 }), Oracle.start()]);
	});
	afterAll(async () => {
		await harness.stop();
		await oracle.stop();
	});

	async function judgeFile({ path, records }: SltFile): Promise<Judged[]> {
		await oracle.reset();
		const { owner } = await harness.tenant();
		const skips = new Skips();
		const judged: Judged[] = [];
		for (const record of records) {
			const postgres = await oracle.query(record.sql);
			const skipped = skips.reasonOf(record, postgres);
			const wrong = skipped === null ? await judge(owner, record, postgres) : null;
			// What PostgreSQL did although the file does not want it (or wants the number of rows as a query's answer), later records may see.
			if (skipped === "dialect" && postgres.columns.length === 0 && postgres.error === undefined) await littoralAnswer(owner, record.sql);
			judged.push({ path, line: record.line, sql: record.sql, skipped, wrong });
		}
		return judged;
	}

	test(`at least ${PASS_FRACTION_MIN * 100}% of the records that PostgreSQL agrees with pass`, async () => {
		const judged: Judged[] = [];
		for (const file of files) judged.push(...(await judgeFile(file)));
		const skips = judged.flatMap(({ path, line, skipped }) => (skipped === null ? [] : [`${path}:${line}\t${skipped}\n`])).join("");
		const page = conformancePage(judged);
		if (UPDATE && ONLY === "") {
			writeFileSync(SKIPS, skips);
			writeFileSync(PAGE, page);
		}
		const failed = judged.filter(({ wrong }) => wrong !== null);
		const passed = judged.filter(({ wrong, skipped }) => wrong === null && skipped === null);
		const report = failed
			.map(({ path, line, sql, wrong }) => `${path}:${line}\n  ${sql.replaceAll("\n", "\n  ")}\n  => ${wrong}`)
			.join("\n");
		if (ONLY !== "") expect(report).toBe("");
		expect(passed.length / (passed.length + failed.length), report).toBeGreaterThanOrEqual(PASS_FRACTION_MIN);
		expect(skips).toBe(readFileSync(SKIPS, "utf8"));
		expect(page).toBe(readFileSync(PAGE, "utf8"));
	});
});
