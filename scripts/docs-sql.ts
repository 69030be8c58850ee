/** `npm run docs:sql`: writes the list of functions in docs/sql.md, and docs/sql-missing.md, anew from the registry. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { ROOT } from "./fleet.ts";
import { missingPage } from "./docs/missing-page.ts";
import { sqlPage } from "./docs/sql-page.ts";

const path = join(ROOT, "docs/sql.md");
writeFileSync(path, sqlPage(readFileSync(path, "utf8")));
const database = await PGlite.create();
writeFileSync(join(ROOT, "docs/sql-missing.md"), await missingPage(database));
await database.close();
