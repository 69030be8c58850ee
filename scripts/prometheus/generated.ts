/** The files of `deploy/prometheus` that are written, not edited. */
import { dashboardFile } from "./dashboard.ts";
import { rulesFile } from "./rules-file.ts";
import { rulesTestFile } from "./rules-test-file.ts";

export const GENERATED: readonly { path: string; text: () => string }[] = [
	{ path: "deploy/prometheus/rules.yml", text: rulesFile },
	{ path: "deploy/prometheus/rules_test.yml", text: rulesTestFile },
	{ path: "deploy/prometheus/dashboard.json", text: dashboardFile },
];
