/** What the optimizer may go without, by name: each of its rules, and all of them. The others apply wherever they may: tables of tests are too small for what weighs costs. */
import { RULE_NAMES } from "../../workers/optimizer/src/logical/pipeline.ts";

export const RULE_SETS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
	...RULE_NAMES.map((name): [string, Set<string>] => [name, new Set([name])]),
	["every rule", new Set(RULE_NAMES)],
]);
