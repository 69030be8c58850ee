/** The order in which vitest runs the suites: without it by name, so that the long files of `slt` and `sql` began when nearly all else was over, and ended alone. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Suites whose longest file takes longest come first, those of many short files last. A suite's files stay together: they share a process and its modules. */
const SUITES = [
	"model",
	"slt",
	"catalog",
	"e2e",
	"faults",
	"sql",
	"shared",
	"tenant",
	"fuzz",
	"house",
	"gateway",
	"optimizer",
	"operations",
	"monitoring",
];

function rankOf({ project }: TestSpecification): number {
	const rank = SUITES.indexOf(project.name);
	return rank < 0 ? SUITES.length : rank;
}

export class LongestFirst extends BaseSequencer {
	/** Inside a suite as vitest has it: what failed last time, then by how long it took, or by its size. */
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		return (await super.sort(files)).toSorted((left, right) => rankOf(left) - rankOf(right));
	}
}
