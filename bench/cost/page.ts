/** The two tables of `docs/cost.md`: operations by activity, and bills by workload, which follow from the first. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/fleet.ts";
import { ACTIVITIES, type Activity, type ActivityCounts, BILLED, type Billed } from "./activities.ts";
import { billOf, LINES, WORKLOADS } from "./bill.ts";

const PAGE = join(ROOT, "docs/cost.md");

/** Counts as the page shows them: one digit after the point. */
const shown = (count: number): string => String(Math.round(count * 10) / 10);

function table(rows: string[][]): string {
	const [head, ...body] = rows as [string[], ...string[][]];
	return [head, head.map(() => "---"), ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

export function operationsTable(counts: ActivityCounts): string {
	return table([
		["counted as", ...ACTIVITIES],
		...BILLED.map((name) => [`\`${name}\``, ...ACTIVITIES.map((activity) => shown(counts[activity][name]))]),
	]);
}

export function billsTable(counts: ActivityCounts): string {
	const bills = WORKLOADS.map((workload) => billOf(workload, counts));
	const dollars = (sum: number): string => sum.toFixed(2);
	return table([
		["US dollars a month", ...WORKLOADS.map(({ name }) => name)],
		...LINES.map((line) => [line, ...bills.map((bill) => dollars(bill[line]))]),
		["**all**", ...bills.map((bill) => `**${dollars(LINES.reduce((sum, line) => sum + bill[line], 0))}**`)],
	]);
}

function section(name: "operations" | "bills"): RegExp {
	return new RegExp(`(<!-- ${name} -->\\n)([^]*?)(\\n<!-- end -->)`);
}

export function readTable(name: "operations" | "bills"): string {
	return section(name).exec(readFileSync(PAGE, "utf8"))?.[2] ?? "";
}

/** The counts as the page states them. */
export function statedCounts(): ActivityCounts {
	const rows = readTable("operations")
		.split("\n")
		.map((line) => line.split("|").map((cell) => cell.trim()));
	const cell = (name: Billed, activity: Activity): number => {
		const row = rows.find((cells) => cells[1] === `\`${name}\``);
		return Number(row?.[2 + ACTIVITIES.indexOf(activity)]);
	};
	const of = (activity: Activity) => Object.fromEntries(BILLED.map((name) => [name, cell(name, activity)])) as Record<Billed, number>;
	return Object.fromEntries(ACTIVITIES.map((activity) => [activity, of(activity)])) as ActivityCounts;
}

/** Puts both tables into the page. The bills follow from the counts as shown, not from those behind the rounding. */
export function writePage(counts: ActivityCounts): void {
	const replaced = readFileSync(PAGE, "utf8").replace(
		section("operations"),
		(_, open, __, close) => `${open}${operationsTable(counts)}${close}`,
	);
	writeFileSync(PAGE, replaced);
	const bills = billsTable(statedCounts());
	writeFileSync(
		PAGE,
		readFileSync(PAGE, "utf8").replace(section("bills"), (_, open, __, close) => `${open}${bills}${close}`),
	);
}
