/** Small tables full of NULLs and repetitions, for the statements of this folder: DDL and CSV with a header. */
export const TABLES: { name: string; ddl: string; csv: string }[] = [
	{
		name: "t",
		ddl: "CREATE TABLE t (id INTEGER NOT NULL, a INTEGER, b BIGINT, x TEXT, n NUMERIC(10,2), d DATE)",
		csv: `id,a,b,x,n,d
1,1,10,one,1.50,2026-01-01
2,2,20,two,-2.25,2026-01-02
3,2,,two,0.00,2026-01-03
4,,40,,4.00,
5,5,50,"",,2026-02-01
6,5,10,one,7.75,2026-02-02
7,,,,,
8,9,10,nine,100.00,2026-01-01
`,
	},
	{
		name: "u",
		ddl: "CREATE TABLE u (k INTEGER, a INTEGER, y TEXT, v NUMERIC(10,2), big BIGINT)",
		csv: `k,a,y,v,big
1,1,one,1.00,10
2,1,uno,2.50,10
3,2,two,3.00,20
4,2,two,3.00,
5,3,three,,30
6,,none,9.99,40
7,7,seven,7.00,
`,
	},
	{
		name: "w",
		ddl: "CREATE TABLE w (k INTEGER NOT NULL, g TEXT, p INTEGER)",
		csv: `k,g,p
1,a,10
2,a,20
3,b,20
4,b,
5,c,5
6,,7
`,
	},
	{ name: "nothing", ddl: "CREATE TABLE nothing (a INTEGER, x TEXT)", csv: "a,x\n" },
];
