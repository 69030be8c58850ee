/** The eight tables as a data set. Texts of fixed length are VARCHAR here, since DuckDB, which reads the same files, does not know PostgreSQL's CHAR. */
import { TPCH_DDL } from "../../tests/sql/queries/tpch.ts";
import { type Dataset, rowBatches } from "../data/dataset.ts";
import { TPCH_ROWS } from "./rows.ts";
import { Texts } from "./texts.ts";

const VERSION = 3;
const SEED = 20_261_123;

/** @param scale 1 is 6,000,000 lines, about a gigabyte as text */
export function tpchDataset(scale: number, seed = SEED): Dataset {
	let texts: Texts | null = null;
	return {
		name: "tpch",
		version: VERSION,
		seed,
		scale,
		tables: Object.entries(TPCH_DDL).map(([name, ddl]) => ({
			name,
			ddl: ddl.replaceAll(" CHAR(", " VARCHAR(").replace(/ WITH \(.*\)$/, ""),
			batches: (columns, engine, region) => {
				texts ??= new Texts(seed);
				const rows = TPCH_ROWS[name] as (typeof TPCH_ROWS)[string];
				return rowBatches(rows({ scale, seed, texts }), columns, engine, region);
			},
		})),
	};
}
