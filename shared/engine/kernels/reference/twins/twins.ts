/** Every twin that runs over a kernel's own memory, by the kernel's name. */
import { AGGREGATE_TWINS } from "./aggregates.ts";
import { COMPARISON_TWINS } from "./comparisons.ts";
import { LANE_TWINS } from "./lanes.ts";
import { ROW_TWINS } from "./rows.ts";
import { TEXT_TWINS } from "./texts.ts";
import type { Twins } from "./twin.ts";

export const TWINS: Twins = { ...ROW_TWINS, ...LANE_TWINS, ...COMPARISON_TWINS, ...AGGREGATE_TWINS, ...TEXT_TWINS };
