/** `node scripts/prometheus/generate.ts`: writes what of `deploy/prometheus` follows from the alerts and the metrics. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../fleet.ts";
import { GENERATED } from "./generated.ts";

for (const { path, text } of GENERATED) writeFileSync(join(ROOT, path), text());
