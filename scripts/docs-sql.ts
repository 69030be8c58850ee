/** `npm run docs:sql`: writes the list of functions in docs/sql.md anew, from the registry. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./fleet.ts";
import { sqlPage } from "./docs/sql-page.ts";

const path = join(ROOT, "docs/sql.md");
writeFileSync(path, sqlPage(readFileSync(path, "utf8")));
