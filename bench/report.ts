/** `npm run bench -- report`: the results in `bench/README.md`, made of `bench/results/*.jsonl` and of nothing else. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../scripts/fleet.ts";
import { BENCHES } from "./registry.ts";
import type { Fact } from "./runner/record.ts";
import { median } from "./runner/statistics.ts";

const README = join(ROOT, "bench/README.md");
const SECTION = /(<!-- results -->\n)[^]*(<!-- end of results -->)/;

type Of<Kind extends Fact["kind"]> = Extract<Fact, { kind: Kind }>;

function ofKind<Kind extends Fact["kind"]>(facts: Fact[], kind: Kind): Of<Kind>[] {
	return facts.filter((fact): fact is Of<Kind> => fact.kind === kind);
}

const shown = (value: number): string =>
	Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));

function table(head: string[], rows: string[][]): string[] {
	if (rows.length === 0) return [];
	return ["", ...[head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`)];
}

function repeatsTable(facts: Fact[]): string[] {
	const groups = Map.groupBy(ofKind(facts, "repeat"), ({ what, peer }) => `${what}\u0000${peer}`);
	const rows = [...groups.values()].map((repeats) => {
		const { what, peer } = repeats[0] as Of<"repeat">;
		const walls = repeats.map((repeat) => repeat.wallMs);
		const wall = `${shown(median(walls))} (${shown(Math.min(...walls))} to ${shown(Math.max(...walls))})`;
		return [what, peer, wall, shown(median(repeats.map((repeat) => repeat.cpuMs))), String(repeats.length)];
	});
	return table(["work", "peer", "ms (least to most)", "ms of CPU", "repeats"], rows);
}

function barsTable(facts: Fact[]): string[] {
	const rows = ofKind(facts, "bar").map(({ what, value, unit, ...limits }) => {
		const isMet = limits.atLeast === undefined ? value <= (limits.atMost as number) : value >= limits.atLeast;
		const limit = limits.atLeast === undefined ? `at most ${limits.atMost}` : `at least ${limits.atLeast}`;
		return [what, `${shown(value)} ${unit}`.trimEnd(), limit, isMet ? "met" : "**missed**"];
	});
	return table(["bar", "measured", "wanted", ""], rows);
}

function sectionOf(facts: Fact[]): string[] {
	const [run] = ofKind(facts, "run");
	const [end] = ofKind(facts, "end");
	if (run === undefined) return [];
	const { machine } = run;
	const tables = ofKind(facts, "table").flatMap(({ title, head, rows }) => ["", `${title}.`, ...table(head, rows)]);
	const [voided] = ofKind(facts, "void");
	const failure = voided === undefined ? "cut off before its end" : `void: ${voided.reason}`;
	return [
		`### ${run.bench}`,
		"",
		`${run.title}.`,
		"",
		`\`${run.command}\`, ${run.startedAt.slice(0, 16).replace("T", " ")} UTC, commit ${run.commit}; ${machine.processor}, ${machine.coreCount} cores, ${machine.memoryGib} GiB, ${machine.system}, node ${machine.node}, workerd ${machine.workerd}, DuckDB ${machine.duckdb}; load average ${run.loadAverage} at the start, ${end?.loadAverage ?? "unknown"} at the end.`,
		...(end === undefined
			? ["", `**The run does not count: ${failure}.**`]
			: [...barsTable(facts), ...(tables.length > 0 ? tables : repeatsTable(facts)), ...figuresTable(facts)]),
		"",
	];
}

function figuresTable(facts: Fact[]): string[] {
	return table(
		["figure", "value"],
		ofKind(facts, "figure").map(({ what, value, unit }) => [what, `${shown(value)} ${unit}`.trimEnd()]),
	);
}

/** Puts the results of every bench that has any into the README. */
export function writeReport(resultsDir: string): void {
	const sections = BENCHES.flatMap(({ name }) => {
		const path = join(resultsDir, `${name}.jsonl`);
		if (!existsSync(path)) return [];
		const lines = readFileSync(path, "utf8").trimEnd().split("\n");
		return sectionOf(lines.map((line) => JSON.parse(line) as Fact));
	});
	const readme = readFileSync(README, "utf8");
	writeFileSync(
		README,
		readme.replace(SECTION, (_, open, close) => `${open}\n${sections.join("\n")}${close}`),
	);
}
