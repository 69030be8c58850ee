/** Every bench, in the order in which `npm run bench` runs them. A new one is a file in `benches/` and a line here. */
import { aggregatesBench } from "./benches/aggregates.ts";
import { appendsBench } from "./benches/appends.ts";
import { clickBenchBench } from "./benches/clickbench.ts";
import { compactionBench } from "./benches/compaction.ts";
import { costBench } from "./benches/cost.ts";
import { formatsBench } from "./benches/formats.ts";
import { gatewayBench } from "./benches/gateway.ts";
import { growthBench } from "./benches/growth.ts";
import { importBench } from "./benches/import.ts";
import { kernelsBench } from "./benches/kernels.ts";
import { parquetBench } from "./benches/parquet.ts";
import { planningBench } from "./benches/planning.ts";
import { roundTripsBench } from "./benches/round-trips.ts";
import { sizeBench } from "./benches/size.ts";
import { smallAppendsBench } from "./benches/small-appends.ts";
import { tpchBench } from "./benches/tpch.ts";
import type { Bench } from "./runner/bench.ts";

export const BENCHES: readonly Bench[] = [
	tpchBench,
	clickBenchBench,
	parquetBench,
	formatsBench,
	kernelsBench,
	importBench,
	aggregatesBench,
	appendsBench,
	smallAppendsBench,
	planningBench,
	compactionBench,
	roundTripsBench,
	gatewayBench,
	sizeBench,
	growthBench,
	costBench,
];
