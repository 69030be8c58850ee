/**
 * `npm run model -- [--seed <number>] [--steps <number>]`: the model-based test for longer than `npm test` runs it, or a run of it again.
 * Without a seed it makes one, and prints it.
 */
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { ROOT } from "./fleet.ts";

const { values } = parseArgs({ options: { seed: { type: "string" }, steps: { type: "string", default: "20000" } } });
const seed = values.seed ?? String(randomInt(2 ** 31));
process.stdout.write(`model: npm run model -- --seed ${seed} --steps ${values.steps}\n`);
const { status } = spawnSync("vitest", ["run", "--project", "model"], {
	cwd: ROOT,
	stdio: "inherit",
	env: { ...process.env, MODEL_SEED: seed, MODEL_STEPS: values.steps },
});
process.exit(status ?? 1);
