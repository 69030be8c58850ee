/** What must hold whatever the answers are, without an oracle: the identities of `identities.ts` over random tables, each as often as the others. */
import { expect, test } from "vitest";
import { SEED } from "../seed.ts";
import { Random } from "../sql/random.ts";
import type { TextAnswer } from "../sql/oracle.ts";
import { DirectLittoral, type Placement } from "../slt/direct.ts";
import { IDENTITIES } from "./identities.ts";
import { randomPartition } from "./query.ts";
import { randomTables, statementsOf } from "./tables.ts";

const CHECK_COUNT = Number(process.env["QUERIES"] ?? 1100);
const CHECKS_PER_SCHEMA = 50;
/** Errors of values, of types that do not fit (the generator makes some), and of what is not supported. */
const SET_ASIDE = /^(22|42804|42883|0A)/;
/** A check is set aside where a value raises: it may do so in one of the queries only. */
const HELD_FRACTION_MIN = 0.6;

const bag = (answers: readonly TextAnswer[]): string[] => answers.flatMap(({ rows }) => rows.map((row) => JSON.stringify(row))).toSorted();

test(`${CHECK_COUNT} partitions from seed ${SEED} hold together`, async () => {
	const wrong: string[] = [];
	const names = Object.keys(IDENTITIES);
	const held = new Map<string, number>();
	let checkCount = 0;
	while (checkCount < CHECK_COUNT) {
		const seed = SEED + checkCount;
		const random = new Random(seed);
		const tables = randomTables(random);
		const littoral = new DirectLittoral(random.pick<Placement>(["tail", "files", "mixed"]));
		for (const sql of tables.flatMap(statementsOf)) expect((await littoral.execute(sql)).error).toBeUndefined();
		for (let index = 0; index < CHECKS_PER_SCHEMA; index++, checkCount++) {
			const name = names[checkCount % names.length] as string;
			const partition = randomPartition(random, tables);
			const { left, right, isSet } = (IDENTITIES[name] as (typeof IDENTITIES)[string])(partition, random);
			const answers: TextAnswer[] = [];
			for (const sql of [...left, ...right]) answers.push(await littoral.execute(sql));
			const error = answers.find((answer) => answer.error !== undefined)?.error;
			if (error !== undefined) {
				if (!SET_ASIDE.test(error.sqlstate))
					wrong.push(`SEED=${seed}: ${[...left, ...right].join("\n  ")}\n  => ${name}: ${error.sqlstate} ${error.message}`);
				continue;
			}
			held.set(name, (held.get(name) ?? 0) + 1);
			const sides = [answers.slice(0, left.length), answers.slice(left.length)].map((side) => {
				const rows = bag(side);
				return isSet ? [...new Set(rows)] : rows;
			}) as [string[], string[]];
			if (sides[0].join() === sides[1].join()) continue;
			const setUp = tables.flatMap(statementsOf).join(";\n  ");
			const shown = sides.map((rows) => rows.join(" ").slice(0, 200)).join("\n  => ");
			wrong.push(`SEED=${seed}: ${setUp};\n  ${left.join("\n  ")}\n  =\n  ${right.join("\n  ")}\n  => ${name}: ${shown}`);
		}
		expect(littoral.leasedPageCount).toBe(0);
	}
	expect(wrong.join("\n\n")).toBe("");
	for (const name of names) expect(held.get(name) ?? 0, name).toBeGreaterThan((checkCount / names.length) * HELD_FRACTION_MIN - 1);
}, 3_600_000);
