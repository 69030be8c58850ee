/** Other projects' conformance files, outside this repository: present beside it, or not. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/fleet.ts";
import { parseSlt, type SltRecord } from "./parse.ts";

const FOLDER = join(ROOT, "../shared/corpora");

export interface SltFile {
	/** Relative to the corpora. */
	path: string;
	records: SltRecord[];
}

/** Empty where the corpora are not there. */
export function corpora(): SltFile[] {
	if (!existsSync(FOLDER)) return [];
	return globSync("**/*.{test,slt,slt.part}", { cwd: FOLDER })
		.toSorted()
		.map((path) => ({ path, records: parseSlt(readFileSync(join(FOLDER, path), "utf8"), path) }));
}
