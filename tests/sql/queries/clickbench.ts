/**
 * The 43 query shapes of ClickBench, over a table of its schema. Texts written for PostgreSQL; ORDER BYs are completed to a total order, so that answers under LIMIT are comparable.
 * @see https://github.com/ClickHouse/ClickBench
 */

/** Column name to type, in the order of the schema. */
export const HITS_COLUMNS: Record<string, string> = Object.fromEntries(
	`WatchID BIGINT|JavaEnable SMALLINT|Title TEXT|GoodEvent SMALLINT|EventTime TIMESTAMP|EventDate DATE|CounterID INTEGER|ClientIP INTEGER|RegionID INTEGER|UserID BIGINT|CounterClass SMALLINT|OS SMALLINT|UserAgent SMALLINT|URL TEXT|Referer TEXT|IsRefresh SMALLINT|RefererCategoryID SMALLINT|RefererRegionID INTEGER|URLCategoryID SMALLINT|URLRegionID INTEGER|ResolutionWidth SMALLINT|ResolutionHeight SMALLINT|ResolutionDepth SMALLINT|FlashMajor SMALLINT|FlashMinor SMALLINT|FlashMinor2 TEXT|NetMajor SMALLINT|NetMinor SMALLINT|UserAgentMajor SMALLINT|UserAgentMinor VARCHAR(255)|CookieEnable SMALLINT|JavascriptEnable SMALLINT|IsMobile SMALLINT|MobilePhone SMALLINT|MobilePhoneModel TEXT|Params TEXT|IPNetworkID INTEGER|TraficSourceID SMALLINT|SearchEngineID SMALLINT|SearchPhrase TEXT|AdvEngineID SMALLINT|IsArtifical SMALLINT|WindowClientWidth SMALLINT|WindowClientHeight SMALLINT|ClientTimeZone SMALLINT|ClientEventTime TIMESTAMP|SilverlightVersion1 SMALLINT|SilverlightVersion2 SMALLINT|SilverlightVersion3 INTEGER|SilverlightVersion4 SMALLINT|PageCharset TEXT|CodeVersion INTEGER|IsLink SMALLINT|IsDownload SMALLINT|IsNotBounce SMALLINT|FUniqID BIGINT|OriginalURL TEXT|HID INTEGER|IsOldCounter SMALLINT|IsEvent SMALLINT|IsParameter SMALLINT|DontCountHits SMALLINT|WithHash SMALLINT|HitColor CHAR(1)|LocalEventTime TIMESTAMP|Age SMALLINT|Sex SMALLINT|Income SMALLINT|Interests SMALLINT|Robotness SMALLINT|RemoteIP INTEGER|WindowName INTEGER|OpenerName INTEGER|HistoryLength SMALLINT|BrowserLanguage TEXT|BrowserCountry TEXT|SocialNetwork TEXT|SocialAction TEXT|HTTPError SMALLINT|SendTiming INTEGER|DNSTiming INTEGER|ConnectTiming INTEGER|ResponseStartTiming INTEGER|ResponseEndTiming INTEGER|FetchTiming INTEGER|SocialSourceNetworkID SMALLINT|SocialSourcePage TEXT|ParamPrice BIGINT|ParamOrderID TEXT|ParamCurrency TEXT|ParamCurrencyID SMALLINT|OpenstatServiceName TEXT|OpenstatCampaignID TEXT|OpenstatAdID TEXT|OpenstatSourceID TEXT|UTMSource TEXT|UTMMedium TEXT|UTMCampaign TEXT|UTMContent TEXT|UTMTerm TEXT|FromTag TEXT|HasGCLID SMALLINT|RefererHash BIGINT|URLHash BIGINT|CLID INTEGER`
		.split("|")
		.map((column) => column.split(" ") as [string, string]),
);

export const HITS_DDL = `CREATE TABLE hits (${Object.entries(HITS_COLUMNS)
	.map(([name, type]) => `${name} ${type} NOT NULL`)
	.join(", ")})`;

const JULY = "CounterID = 62 AND EventDate >= '2013-07-01' AND EventDate <= '2013-07-31'";
const SUMS = Array.from({ length: 90 }, (_, index) => (index === 0 ? "SUM(ResolutionWidth)" : `SUM(ResolutionWidth + ${index})`)).join(
	", ",
);

export const CLICKBENCH: readonly string[] = [
	"SELECT COUNT(*) FROM hits",
	"SELECT COUNT(*) FROM hits WHERE AdvEngineID <> 0",
	"SELECT SUM(AdvEngineID), COUNT(*), AVG(ResolutionWidth) FROM hits",
	"SELECT AVG(UserID) FROM hits",
	"SELECT COUNT(DISTINCT UserID) FROM hits",
	"SELECT COUNT(DISTINCT SearchPhrase) FROM hits",
	"SELECT MIN(EventDate), MAX(EventDate) FROM hits",
	"SELECT AdvEngineID, COUNT(*) FROM hits WHERE AdvEngineID <> 0 GROUP BY AdvEngineID ORDER BY COUNT(*) DESC, 1",
	"SELECT RegionID, COUNT(DISTINCT UserID) AS u FROM hits GROUP BY RegionID ORDER BY u DESC, 1 LIMIT 10",
	"SELECT RegionID, SUM(AdvEngineID), COUNT(*) AS c, AVG(ResolutionWidth), COUNT(DISTINCT UserID) FROM hits GROUP BY RegionID ORDER BY c DESC, 1 LIMIT 10",
	"SELECT MobilePhoneModel, COUNT(DISTINCT UserID) AS u FROM hits WHERE MobilePhoneModel <> '' GROUP BY MobilePhoneModel ORDER BY u DESC, 1 LIMIT 10",
	"SELECT MobilePhone, MobilePhoneModel, COUNT(DISTINCT UserID) AS u FROM hits WHERE MobilePhoneModel <> '' GROUP BY MobilePhone, MobilePhoneModel ORDER BY u DESC, 1, 2 LIMIT 10",
	"SELECT SearchPhrase, COUNT(*) AS c FROM hits WHERE SearchPhrase <> '' GROUP BY SearchPhrase ORDER BY c DESC, 1 LIMIT 10",
	"SELECT SearchPhrase, COUNT(DISTINCT UserID) AS u FROM hits WHERE SearchPhrase <> '' GROUP BY SearchPhrase ORDER BY u DESC, 1 LIMIT 10",
	"SELECT SearchEngineID, SearchPhrase, COUNT(*) AS c FROM hits WHERE SearchPhrase <> '' GROUP BY SearchEngineID, SearchPhrase ORDER BY c DESC, 1, 2 LIMIT 10",
	"SELECT UserID, COUNT(*) FROM hits GROUP BY UserID ORDER BY COUNT(*) DESC, 1 LIMIT 10",
	"SELECT UserID, SearchPhrase, COUNT(*) FROM hits GROUP BY UserID, SearchPhrase ORDER BY COUNT(*) DESC, 1, 2 LIMIT 10",
	"SELECT UserID, SearchPhrase, COUNT(*) FROM hits GROUP BY UserID, SearchPhrase ORDER BY 1, 2 LIMIT 10",
	"SELECT UserID, extract(minute FROM EventTime) AS m, SearchPhrase, COUNT(*) FROM hits GROUP BY UserID, m, SearchPhrase ORDER BY COUNT(*) DESC, 1, 2, 3 LIMIT 10",
	"SELECT UserID FROM hits WHERE UserID = 435090932899640449",
	"SELECT COUNT(*) FROM hits WHERE URL LIKE '%google%'",
	"SELECT SearchPhrase, MIN(URL), COUNT(*) AS c FROM hits WHERE URL LIKE '%google%' AND SearchPhrase <> '' GROUP BY SearchPhrase ORDER BY c DESC, 1 LIMIT 10",
	"SELECT SearchPhrase, MIN(URL), MIN(Title), COUNT(*) AS c, COUNT(DISTINCT UserID) FROM hits WHERE Title LIKE '%Google%' AND URL NOT LIKE '%.google.%' AND SearchPhrase <> '' GROUP BY SearchPhrase ORDER BY c DESC, 1 LIMIT 10",
	"SELECT * FROM hits WHERE URL LIKE '%google%' ORDER BY EventTime, WatchID LIMIT 10",
	"SELECT SearchPhrase FROM hits WHERE SearchPhrase <> '' ORDER BY EventTime, 1 LIMIT 10",
	"SELECT SearchPhrase FROM hits WHERE SearchPhrase <> '' ORDER BY SearchPhrase LIMIT 10",
	"SELECT SearchPhrase FROM hits WHERE SearchPhrase <> '' ORDER BY EventTime, SearchPhrase LIMIT 10",
	"SELECT CounterID, AVG(length(URL)) AS l, COUNT(*) AS c FROM hits WHERE URL <> '' GROUP BY CounterID HAVING COUNT(*) > 1000 ORDER BY l DESC, 1 LIMIT 25",
	"SELECT REGEXP_REPLACE(Referer, '^https?://(?:www\\.)?([^/]+)/.*$', '\\1') AS k, AVG(length(Referer)) AS l, COUNT(*) AS c, MIN(Referer) FROM hits WHERE Referer <> '' GROUP BY k HAVING COUNT(*) > 1000 ORDER BY l DESC, 1 LIMIT 25",
	`SELECT ${SUMS} FROM hits`,
	"SELECT SearchEngineID, ClientIP, COUNT(*) AS c, SUM(IsRefresh), AVG(ResolutionWidth) FROM hits WHERE SearchPhrase <> '' GROUP BY SearchEngineID, ClientIP ORDER BY c DESC, 1, 2 LIMIT 10",
	"SELECT WatchID, ClientIP, COUNT(*) AS c, SUM(IsRefresh), AVG(ResolutionWidth) FROM hits WHERE SearchPhrase <> '' GROUP BY WatchID, ClientIP ORDER BY c DESC, 1, 2 LIMIT 10",
	"SELECT WatchID, ClientIP, COUNT(*) AS c, SUM(IsRefresh), AVG(ResolutionWidth) FROM hits GROUP BY WatchID, ClientIP ORDER BY c DESC, 1, 2 LIMIT 10",
	"SELECT URL, COUNT(*) AS c FROM hits GROUP BY URL ORDER BY c DESC, 1 LIMIT 10",
	"SELECT 1, URL, COUNT(*) AS c FROM hits GROUP BY 1, URL ORDER BY c DESC, 2 LIMIT 10",
	"SELECT ClientIP, ClientIP - 1, ClientIP - 2, ClientIP - 3, COUNT(*) AS c FROM hits GROUP BY ClientIP, ClientIP - 1, ClientIP - 2, ClientIP - 3 ORDER BY c DESC, 1 LIMIT 10",
	`SELECT URL, COUNT(*) AS PageViews FROM hits WHERE ${JULY} AND DontCountHits = 0 AND IsRefresh = 0 AND URL <> '' GROUP BY URL ORDER BY PageViews DESC, 1 LIMIT 10`,
	`SELECT Title, COUNT(*) AS PageViews FROM hits WHERE ${JULY} AND DontCountHits = 0 AND IsRefresh = 0 AND Title <> '' GROUP BY Title ORDER BY PageViews DESC, 1 LIMIT 10`,
	`SELECT URL, COUNT(*) AS PageViews FROM hits WHERE ${JULY} AND IsRefresh = 0 AND IsLink <> 0 AND IsDownload = 0 GROUP BY URL ORDER BY PageViews DESC, 1 LIMIT 10 OFFSET 10`,
	`SELECT TraficSourceID, SearchEngineID, AdvEngineID, CASE WHEN (SearchEngineID = 0 AND AdvEngineID = 0) THEN Referer ELSE '' END AS Src, URL AS Dst, COUNT(*) AS PageViews FROM hits WHERE ${JULY} AND IsRefresh = 0 GROUP BY TraficSourceID, SearchEngineID, AdvEngineID, Src, Dst ORDER BY PageViews DESC, 1, 2, 3, 4, 5 LIMIT 10 OFFSET 10`,
	`SELECT URLHash, EventDate, COUNT(*) AS PageViews FROM hits WHERE ${JULY} AND IsRefresh = 0 AND TraficSourceID IN (-1, 6) AND RefererHash = 3594120000172545465 GROUP BY URLHash, EventDate ORDER BY PageViews DESC, 1, 2 LIMIT 10 OFFSET 2`,
	`SELECT WindowClientWidth, WindowClientHeight, COUNT(*) AS PageViews FROM hits WHERE ${JULY} AND IsRefresh = 0 AND DontCountHits = 0 AND URLHash = 2868770270353813622 GROUP BY WindowClientWidth, WindowClientHeight ORDER BY PageViews DESC, 1, 2 LIMIT 10 OFFSET 2`,
	"SELECT DATE_TRUNC('minute', EventTime) AS M, COUNT(*) AS PageViews FROM hits WHERE CounterID = 62 AND EventDate >= '2013-07-14' AND EventDate <= '2013-07-15' AND IsRefresh = 0 AND DontCountHits = 0 GROUP BY DATE_TRUNC('minute', EventTime) ORDER BY DATE_TRUNC('minute', EventTime) LIMIT 10 OFFSET 10",
];
