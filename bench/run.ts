/**
 * `npm run bench [-- <name>... --smoke --repeats <n> --scale <n> --queries <name,...> --peers <name,...> --results <folder>]`: runs benches, prints and records what they measure.
 *
 * Each bench's facts go to `bench/results/<name>.jsonl`, in the place of its last run's; `npm run bench -- report` makes README's tables of them.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../scripts/fleet.ts";
import { buildStaleKernels } from "../scripts/local/kernels.ts";
import { PEER_NAMES } from "./engine/compare-locally.ts";
import { BENCHES } from "./registry.ts";
import { writeReport } from "./report.ts";
import { runBench } from "./runner/run-bench.ts";

const { values: options, positionals: names } = parseArgs({
	allowPositionals: true,
	options: {
		smoke: { type: "boolean", default: false },
		repeats: { type: "string", default: "5" },
		scale: { type: "string" },
		queries: { type: "string" },
		peers: { type: "string" },
		results: { type: "string", default: join(ROOT, "bench/results") },
	},
});
if (names.includes("report")) {
	writeReport(options.results);
	process.exit(0);
}
const unknown = names.filter((name) => !BENCHES.some((bench) => bench.name === name));
if (unknown.length > 0) {
	process.stderr.write(`no such bench: ${unknown.join(", ")}; there are ${BENCHES.map((bench) => bench.name).join(", ")}\n`);
	process.exit(2);
}
const peers = options.peers?.split(",") ?? null;
const strangers = peers?.filter((peer) => !PEER_NAMES.some((name) => name === peer)) ?? [];
if (strangers.length > 0) {
	process.stderr.write(`no such peer: ${strangers.join(", ")}; there are ${PEER_NAMES.join(", ")}\n`);
	process.exit(2);
}
buildStaleKernels();
let voided = false;
for (const bench of BENCHES) {
	if (names.length > 0 && !names.includes(bench.name)) continue;
	const valid = await runBench(bench, {
		size: options.smoke ? "smoke" : "full",
		repeatCount: Number(options.repeats),
		scale: options.scale === undefined ? null : Number(options.scale),
		queries: options.queries?.split(",") ?? null,
		peers,
		resultsDir: options.results,
		command: `npm run bench -- ${process.argv.slice(2).join(" ")}`.trimEnd(),
		say: (line) => void process.stdout.write(`${line}\n`),
	});
	voided ||= !valid;
}
process.exit(voided ? 1 : 0);
