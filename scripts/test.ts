/**
 * `npm test`: everything that a change must pass, in order of cost. Ends with one line `N passed, N failed`, before which stand
 * what was skipped (a test says in its name why) and which suites took longer than their budget: a note, since machines differ.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { ROOT } from "./fleet.ts";

interface Step {
	name: string;
	command: string[];
	/** Where vitest writes its results. */
	report?: string;
}

/**
 * Seconds that the tests of each suite may take, added up, on two idle processors; as many files run at a time as there are processors. All of it is to stay
 * below eight minutes.
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
/** In an order of their own, or by themselves. */
const OTHER_STEPS = ["types", "lint", "faults"];
const PROJECTS = Object.keys(BUDGET_SECONDS).filter((name) => !OTHER_STEPS.includes(name));

function vitest(name: string, projects: string[]): Step {
	const report = `dist/${name}.json`;
	const command = [
		"vitest",
		"run",
		...projects.flatMap((project) => ["--project", project]),
		"--reporter=default",
		"--reporter=json",
		`--outputFile.json=${report}`,
	];
	return { name, command, report };
}

const STEPS: Step[] = [
	{ name: "types", command: ["npm", "run", "-s", "check"] },
	{ name: "lint", command: ["npm", "run", "-s", "lint"] },
	vitest("tests", PROJECTS),
	// By themselves: they kill processes and wait for what happens then, and need the machine's two cores for it.
	vitest("faults", ["faults"]),
];

let passed = 0;
let failed = 0;
const seconds = new Map<string, number>();
const spend = (suite: string, milliseconds: number): void => void seconds.set(suite, (seconds.get(suite) ?? 0) + milliseconds / 1000);
/** `shared/…`, `workers/<suite>/…`, `tests/<suite>/…` */
function suiteOf(file: string): string {
	const [top, folder] = relative(ROOT, file).split(sep) as [string, string];
	return top === "shared" ? top : folder;
}

const skipped: string[] = [];
for (const { name, command, report } of STEPS) {
	process.stdout.write(`\n== ${name}: ${command.join(" ")}\n`);
	const [program, ...args] = command;
	if (report !== undefined) rmSync(join(ROOT, report), { force: true });
	const startMs = performance.now();
	const { status } = spawnSync(program as string, args, { cwd: ROOT, stdio: "inherit" });
	if (report === undefined) spend(name, performance.now() - startMs);
	if (report !== undefined) {
		const results = JSON.parse(readFileSync(join(ROOT, report), "utf8")) as {
			numPassedTests: number;
			numFailedTests: number;
			numFailedTestSuites: number;
			testResults: { name: string; startTime: number; endTime: number; assertionResults: { status: string; fullName: string }[] }[];
		};
		for (const { name: file, startTime, endTime } of results.testResults) spend(suiteOf(file), endTime - startTime);
		passed += results.numPassedTests;
		failed += results.numFailedTests;
		for (const { status, fullName } of results.testResults.flatMap(({ assertionResults }) => assertionResults)) {
			if (status === "skipped" || status === "pending") skipped.push(fullName);
		}
		// A file that does not even load, or an error outside any test, has no failed test to show for it.
		if (status !== 0 && results.numFailedTests === 0) failed += Math.max(1, results.numFailedTestSuites);
	} else if (status === 0) passed++;
	else failed++;
}
process.stdout.write("\nSeconds by suite, of its budget:\n");
for (const [suite, budget] of Object.entries(BUDGET_SECONDS)) {
	const took = seconds.get(suite) ?? 0;
	process.stdout.write(`  ${suite.padEnd(12)}${took.toFixed(0).padStart(5)} of ${budget}${took > budget ? "  (longer)" : ""}\n`);
}
for (const name of skipped) process.stdout.write(`\nSKIPPED: ${name}`);
process.stdout.write(`\n${passed} passed, ${failed} failed${skipped.length === 0 ? "" : `, ${skipped.length} skipped`}\n`);
process.exit(failed === 0 ? 0 : 1);
