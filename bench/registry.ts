/** Every bench, in the order in which `npm run bench` runs them. A new one is a file in `benches/` and a line here. */
import { aggregatesBench } from "./benches/aggregates.ts";
import { appendsBench } from "./benches/appends.ts";
import { costBench } from "./benches/cost.ts";
import { importBench } from "./benches/import.ts";
import { roundTripsBench } from "./benches/round-trips.ts";
import { smallAppendsBench } from "./benches/small-appends.ts";
import type { Bench } from "./runner/bench.ts";

export const BENCHES: readonly Bench[] = [importBench, aggregatesBench, appendsBench, smallAppendsBench, roundTripsBench, costBench];
