/** Optimizer with its operations counted. */
import { countedHandlers } from "../counted.ts";
import worker from "../../../workers/optimizer/src/index.ts";

export * from "../../../workers/optimizer/src/index.ts";
export default countedHandlers(worker);
