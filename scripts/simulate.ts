/** `npm run simulate -- scaling`: what the autoscaling policy would do with three days of load, in figures. */
import { SHARD_COUNT_MAX } from "#shared/base/limits.ts";
import { compareAll, scalingTable } from "./simulate/report.ts";

const [what] = process.argv.slice(2);
if (what !== "scaling") {
	process.stderr.write("usage: npm run simulate -- scaling\n");
	process.exit(2);
}
process.stdout.write(`${scalingTable(compareAll({ shardCountMin: 1, shardCountMax: SHARD_COUNT_MAX }))}\n`);
