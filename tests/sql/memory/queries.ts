/** A fixed set of queries in which every operator runs, each over files and tails. */
export const QUERIES: Readonly<Record<string, string>> = {
	"a filter and a projection": "SELECT id * 2, upper(word) FROM big WHERE id % 3 = 1 AND word LIKE '%a%'",
	"groups, sorted": "SELECT word, count(*), sum(amount), max(day) FROM big GROUP BY word ORDER BY 1",
	"many groups, ordered and distinct aggregates":
		"SELECT id % 400, string_agg(word, ',' ORDER BY id), count(DISTINCT day) FROM big GROUP BY 1",
	joins: "SELECT b.id, s.name FROM big b LEFT JOIN small s ON b.k = s.k AND s.weight > b.amount",
	"a full join": "SELECT b.id, s.name FROM (SELECT * FROM big WHERE id < 300) b FULL JOIN small s ON b.k = s.k",
	"a nested loop": "SELECT count(*), min(s.name) FROM big b JOIN small s ON b.k < s.k",
	"NOT IN": "SELECT id FROM big WHERE k NOT IN (SELECT k FROM small WHERE k > 0 AND weight > 3 AND name <> word)",
	"a mark in the select list": "SELECT id, k IN (SELECT k FROM small) FROM big",
	"a correlated subquery": "SELECT name, (SELECT max(id) FROM big WHERE big.k = small.k) FROM small",
	"top-N": "SELECT id, word, amount FROM big ORDER BY amount DESC, id LIMIT 500 OFFSET 5",
	"a limit": "SELECT word FROM big LIMIT 1500",
	"set operations": "SELECT k FROM big EXCEPT SELECT k FROM small UNION ALL (SELECT id FROM big INTERSECT ALL SELECT k FROM small)",
	"grouping sets": "SELECT word, day, count(*) FROM big GROUP BY ROLLUP (word, day)",
	windows:
		"SELECT id, sum(amount) OVER (PARTITION BY word ORDER BY id ROWS 5 PRECEDING), rank() OVER (PARTITION BY word ORDER BY amount) FROM big",
	"a shared WITH": "WITH g AS MATERIALIZED (SELECT k, count(*) AS c FROM big GROUP BY k) SELECT x.k, y.c FROM g x JOIN g y ON x.c = y.c",
	"a recursion":
		"WITH RECURSIVE r(n) AS (SELECT k FROM small WHERE k < 5 UNION SELECT n + 5 FROM r WHERE n < 400) SELECT count(*), max(n) FROM r",
	"functions that return rows": "SELECT id, g FROM big, generate_series(1, id % 4) g WHERE id < 700",
};
