/** Every table function by the stable id that plans carry; a test proves the map total over the registry. */
import { assert } from "#shared/base/assert.ts";
import { signatureById } from "#shared/contracts/functions/registry.ts";
import { JSON_PATH_TABLES } from "../json/path/kernels.ts";
import { ELEMENTS } from "./elements.ts";
import { SERIES } from "./series.ts";
import { type BindTableFunction, NO_ROWS, type OpenTableFunction, type TableFunctionBinding } from "./table-function.ts";

const FUNCTIONS = new Map<string, BindTableFunction>(
	[SERIES, ELEMENTS, JSON_PATH_TABLES].flatMap((functions) => Object.entries(functions)),
);

/** Binds one call of a plan. Its rows cost the signature's `cost` each. */
export function bindTableFunction(functionId: string, binding: TableFunctionBinding): OpenTableFunction {
	const bind = FUNCTIONS.get(functionId);
	assert(bind !== undefined, `${functionId} is a table function`);
	const open = bind(binding);
	if (signatureById(functionId)?.strict === false) return open;
	return (values) => (values.includes(null) ? NO_ROWS : open(values));
}

/** Ids of all of them, to be compared with the registry. */
export const tableFunctionIds = (): string[] => [...FUNCTIONS.keys()];
