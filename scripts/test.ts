/**
 * `npm test`: everything that a change must pass, in order of cost. Ends with one line `N passed, N failed`, before which stands
 * what was skipped: a test says in its name why.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./fleet.ts";

interface Step {
	name: string;
	command: string[];
	/** Where vitest writes its results. */
	report?: string;
}

const PROJECTS = [
	"shared",
	"gateway",
	"operations",
	"tenant",
	"optimizer",
	"catalog",
	"monitoring",
	"model",
	"house",
	"sql",
	"slt",
	"fuzz",
	"e2e",
];

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
const skipped: string[] = [];
for (const { name, command, report } of STEPS) {
	process.stdout.write(`\n== ${name}: ${command.join(" ")}\n`);
	const [program, ...args] = command;
	if (report !== undefined) rmSync(join(ROOT, report), { force: true });
	const { status } = spawnSync(program as string, args, { cwd: ROOT, stdio: "inherit" });
	if (report !== undefined) {
		const results = JSON.parse(readFileSync(join(ROOT, report), "utf8")) as {
			numPassedTests: number;
			numFailedTests: number;
			numFailedTestSuites: number;
			testResults: { assertionResults: { status: string; fullName: string }[] }[];
		};
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
for (const name of skipped) process.stdout.write(`\nSKIPPED: ${name}`);
process.stdout.write(`\n${passed} passed, ${failed} failed${skipped.length === 0 ? "" : `, ${skipped.length} skipped`}\n`);
process.exit(failed === 0 ? 0 : 1);
