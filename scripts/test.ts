/**
 * `npm test`: everything that a change must pass: types first, then the tests, beside which lint runs in what they leave of the processors. Ends with one line
 * `N passed, N failed`, before which stand what was skipped (a test says in its name why) and which suites took longer than their budget: a note, since machines differ.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { ROOT } from "./fleet.ts";

interface Step {
	name: string;
	command: string[];
}

/**
 * Seconds that the tests of each suite may take, added up, on two idle processors, on which three files run at a time. All of it is to stay below eight minutes.
 */
const BUDGET_SECONDS: Record<string, number> = {
	types: 10,
	lint: 30,
	shared: 80,
	gateway: 20,
	operations: 30,
	tenant: 90,
	optimizer: 10,
	catalog: 90,
	monitoring: 15,
	model: 80,
	house: 15,
	sql: 90,
	slt: 110,
	fuzz: 40,
	e2e: 160,
	faults: 160,
};
/** No tests. */
const OTHER_STEPS = ["types", "lint"];
const REPORT = "dist/tests.json";

const STEPS: Record<"types" | "lint" | "tests", Step> = {
	types: { name: "types", command: ["npm", "run", "-s", "check"] },
	lint: { name: "lint", command: ["npm", "run", "-s", "lint"] },
	tests: {
		name: "tests",
		command: [
			"vitest",
			"run",
			...Object.keys(BUDGET_SECONDS)
				.filter((name) => !OTHER_STEPS.includes(name))
				.flatMap((project) => ["--project", project]),
			"--reporter=default",
			"--reporter=json",
			`--outputFile.json=${REPORT}`,
		],
	},
};

interface Outcome {
	isPassed: boolean;
	seconds: number;
	/** Held back where another step has the terminal. */
	output: string;
}

async function run({ command: [program, ...args] }: Step, stdout: "inherit" | "pipe"): Promise<Outcome> {
	const startMs = performance.now();
	const child = spawn(program as string, args, { cwd: ROOT, stdio: ["inherit", stdout, stdout] });
	const chunks: Buffer[] = [];
	for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => chunks.push(chunk));
	const [status] = (await once(child, "close")) as [number | null];
	return { isPassed: status === 0, seconds: (performance.now() - startMs) / 1000, output: Buffer.concat(chunks).toString() };
}

const announce = ({ name, command }: Step): void => void process.stdout.write(`\n== ${name}: ${command.join(" ")}\n`);

let passed = 0;
let failed = 0;
const seconds = new Map<string, number>();
const spend = (suite: string, took: number): void => void seconds.set(suite, (seconds.get(suite) ?? 0) + took);
/** `shared/…`, `workers/<suite>/…`, `tests/<suite>/…` */
function suiteOf(file: string): string {
	const [top, folder] = relative(ROOT, file).split(sep) as [string, string];
	return top === "shared" ? top : folder;
}

function count(name: "types" | "lint", outcome: Outcome): void {
	spend(name, outcome.seconds);
	if (outcome.isPassed) passed++;
	else failed++;
}

const skipped: string[] = [];
function countTests({ isPassed }: Outcome): void {
	const results = JSON.parse(readFileSync(join(ROOT, REPORT), "utf8")) as {
		numPassedTests: number;
		numFailedTests: number;
		numFailedTestSuites: number;
		testResults: { name: string; startTime: number; endTime: number; assertionResults: { status: string; fullName: string }[] }[];
	};
	for (const { name: file, startTime, endTime } of results.testResults) spend(suiteOf(file), (endTime - startTime) / 1000);
	passed += results.numPassedTests;
	failed += results.numFailedTests;
	for (const { status, fullName } of results.testResults.flatMap(({ assertionResults }) => assertionResults)) {
		if (status === "skipped" || status === "pending") skipped.push(fullName);
	}
	// A file that does not even load, or an error outside any test, has no failed test to show for it.
	if (!isPassed && results.numFailedTests === 0) failed += Math.max(1, results.numFailedTestSuites);
}

announce(STEPS.types);
count("types", await run(STEPS.types, "inherit"));
const lint = run(STEPS.lint, "pipe");
announce(STEPS.tests);
rmSync(join(ROOT, REPORT), { force: true });
countTests(await run(STEPS.tests, "inherit"));
announce(STEPS.lint);
const linted = await lint;
process.stdout.write(linted.output);
count("lint", linted);

process.stdout.write("\nSeconds by suite, of its budget:\n");
for (const [suite, budget] of Object.entries(BUDGET_SECONDS)) {
	const took = seconds.get(suite) ?? 0;
	process.stdout.write(`  ${suite.padEnd(12)}${took.toFixed(0).padStart(5)} of ${budget}${took > budget ? "  (longer)" : ""}\n`);
}
for (const name of skipped) process.stdout.write(`\nSKIPPED: ${name}`);
process.stdout.write(`\n${passed} passed, ${failed} failed${skipped.length === 0 ? "" : `, ${skipped.length} skipped`}\n`);
process.exit(failed === 0 ? 0 : 1);
