/**
 * What must hold whatever the answers are, without an oracle.
 *
 * - TLP (Rigger and Su 2020, "Finding Bugs in Database Systems via Query Partitioning"): the rows where p is true, false and NULL are all the rows.
 * - NoREC (Rigger and Su 2020, "Detecting Optimization Bugs in Database Engines via Non-Optimizing Reference Engine Construction"): as many rows pass a filter by p as have p true.
 */
import { expect, test } from "vitest";
import { SEED } from "../seed.ts";
import { Random } from "../sql/random.ts";
import type { TextAnswer } from "../sql/oracle.ts";
import { DirectLittoral, type Placement } from "../slt/direct.ts";
import { randomPartition } from "./query.ts";
import { randomTables, statementsOf } from "./tables.ts";

const CHECK_COUNT = Number(process.env["QUERIES"] ?? 400);
const CHECKS_PER_SCHEMA = 20;

const bag = (...answers: TextAnswer[]): string[] => answers.flatMap(({ rows }) => rows.map((row) => JSON.stringify(row))).toSorted();

test(`${CHECK_COUNT} predicates from seed ${SEED} divide their rows in three, and count them alike`, async () => {
	const wrong: string[] = [];
	let held = 0;
	for (let start = 0; start < CHECK_COUNT; start += CHECKS_PER_SCHEMA) {
		const random = new Random(SEED + start);
		const tables = randomTables(random);
		const littoral = new DirectLittoral(random.pick<Placement>(["tail", "files", "mixed"]));
		for (const sql of tables.flatMap(statementsOf)) expect((await littoral.execute(sql)).error).toBeUndefined();
		for (let index = 0; index < CHECKS_PER_SCHEMA; index++) {
			const { from, predicate, values } = randomPartition(random, tables);
			const select = `SELECT ${values.join(", ")} FROM ${from}`;
			const run = (sql: string) => littoral.execute(sql);
			const whole = await run(select);
			const parts = [
				await run(`${select} WHERE ${predicate}`),
				await run(`${select} WHERE NOT (${predicate})`),
				await run(`${select} WHERE (${predicate}) IS NULL`),
			];
			const counted = await run(`SELECT count(*) FROM ${from} WHERE ${predicate}`);
			const reference = await run(`SELECT coalesce(sum(CASE WHEN ${predicate} THEN 1 ELSE 0 END), 0) FROM ${from}`);
			// A value that raises may do so in one of them only.
			if ([whole, ...parts, counted, reference].some(({ error }) => error !== undefined)) continue;
			held++;
			const where = `SEED=${SEED + start}: ${tables.flatMap(statementsOf).join("; ")};\n  ${select} WHERE ${predicate}`;
			if (bag(whole).join() !== bag(...parts).join())
				wrong.push(`${where}\n  => TLP: ${whole.rows.length} rows, ${parts.map(({ rows }) => rows.length).join(" + ")}`);
			if (counted.rows[0]?.[0] !== reference.rows[0]?.[0])
				wrong.push(`${where}\n  => NoREC: ${counted.rows[0]?.[0]}, ${reference.rows[0]?.[0]}`);
		}
	}
	expect(wrong.join("\n\n")).toBe("");
	expect(held).toBeGreaterThan(CHECK_COUNT * 0.6);
}, 3_600_000);
