/** Placeholder until the Parquet writer lands. */
import { LittoralError } from "#shared/base/errors.ts";
import type { DataFileEncoder } from "./encode-data-file.ts";

export const encodeDataFile: DataFileEncoder = async () => {
	throw new LittoralError("unavailable", "no encoder");
};
