/**
 * The words of TPC-H's texts with their weights, and the values of its enumerated columns.
 * @see https://www.tpc.org/tpch/ sections 4.2.2.13 and 4.2.2.14, and `dists.dss` of its generator
 */

/** `word weight|word weight|word`: the weight is 1 where none stands. */
function weighted(list: string): [string, number][] {
	return list.split("|").map((entry) => {
		const match = /^(.*) (\d+)$/.exec(entry);
		return match === null ? [entry, 1] : [match[1] as string, Number(match[2])];
	});
}

export const GRAMMAR = {
	/** Of a sentence: noun phrase, verb phrase, prepositional phrase, terminator. */
	sentence: weighted("N V T 3|N V P T 3|N V N T 3|N P V N T|N P V P T"),
	nounPhrase: weighted("n 10|j n 20|j, j n 10|d j n 50"),
	verbPhrase: weighted("v 30|x v|v d 40|x v d"),
	noun: weighted(
		"packages 40|requests 40|accounts 40|deposits 40|foxes 20|ideas 20|theodolites 20|pinto beans 20|instructions 20|dependencies 10|excuses 10|platelets 10|asymptotes 10|courts 5|dolphins 5|multipliers|sauternes|warthogs|frets|dinos|attainments|somas|Tiresias|patterns|forges|braids|hockey players|frays|warhorses|dugouts|notornis|epitaphs|pearls|tithes|waters|orbits|gifts|sheaves|depths|sentiments|decoys|realms|pains|grouches|escapades",
	),
	verb: weighted(
		"sleep 20|wake 20|are 20|cajole 20|haggle 20|nag 10|use 10|boost 10|affix 5|detect 5|integrate 5|maintain|nod|was|lose|sublate|solve|thrash|promise|engage|hinder|print|x-ray|breach|eat|grow|impress|mold|poach|serve|run|dazzle|snooze|doze|unwind|kindle|play|hang|believe|doubt",
	),
	adjective: weighted(
		"regular 50|final 40|ironic 40|even 30|special 20|pending 20|unusual 20|express 20|bold 20|silent 10|furious|sly|careful|blithe|quick|fluffy|slow|quiet|ruthless|thin|close|dogged|daring|brave|stealthy|permanent|enticing|idle|busy",
	),
	adverb: weighted(
		"furiously 50|slyly 50|carefully 50|blithely 40|quickly 30|fluffily 20|sometimes|always|never|slowly|quietly|ruthlessly|thinly|closely|doggedly|daringly|bravely|stealthily|permanently|enticingly|idly|busily|regularly|finally|ironically|evenly|boldly|silently",
	),
	preposition: weighted(
		"about 50|above 50|according to 50|across 50|after 50|against 40|along 40|alongside of 30|among 30|around 20|at 10|atop|before|behind|beneath|beside|besides|between|beyond|by|despite|during|except|for|from|in place of|inside|instead of|into|near|of|on|outside|over|past|since|through|throughout|to|toward|under|until|up|upon|without|with|within",
	),
	auxiliary: weighted(
		"do|may|might|shall|will|would|can|could|should|ought to|must|will have to|shall have to|could have to|should have to|must have to|need to|try to",
	),
	terminator: weighted(". 50|;|:|?|!|--"),
};

export const COLOURS =
	"almond antique aquamarine azure beige bisque black blanched blue blush brown burlywood burnished chartreuse chiffon chocolate coral cornflower cornsilk cream cyan dark deep dim dodger drab firebrick floral forest frosted gainsboro ghost goldenrod green grey honeydew hot indian ivory khaki lace lavender lawn lemon light lime linen magenta maroon medium metallic midnight mint misty moccasin navajo navy olive orange orchid pale papaya peach peru pink plum powder puff purple red rose rosy royal saddle salmon sandy seashell sienna sky slate smoke snow spring steel tan thistle tomato turquoise violet wheat white yellow".split(
		" ",
	);

const combined = (...lists: string[]): string[] =>
	lists.map((list) => list.split("|")).reduce((left, right) => left.flatMap((first) => right.map((second) => `${first} ${second}`)));

export const PART_TYPES = combined(
	"STANDARD|SMALL|MEDIUM|LARGE|ECONOMY|PROMO",
	"ANODIZED|BURNISHED|PLATED|POLISHED|BRUSHED",
	"TIN|NICKEL|BRASS|STEEL|COPPER",
);
export const CONTAINERS = combined("SM|LG|MED|JUMBO|WRAP", "CASE|BOX|BAG|JAR|PKG|PACK|CAN|DRUM");
export const SEGMENTS = ["AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD"];
export const PRIORITIES = ["1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"];
export const INSTRUCTIONS = ["DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"];
export const MODES = ["REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"];
export const REGIONS = ["AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"];
/** Name and region, by key. */
export const NATIONS: readonly (readonly [string, number])[] =
	"ALGERIA 0|ARGENTINA 1|BRAZIL 1|CANADA 1|EGYPT 4|ETHIOPIA 0|FRANCE 3|GERMANY 3|INDIA 2|INDONESIA 2|IRAN 4|IRAQ 4|JAPAN 2|JORDAN 4|KENYA 0|MOROCCO 0|MOZAMBIQUE 0|PERU 1|CHINA 2|ROMANIA 3|SAUDI ARABIA 4|VIETNAM 2|RUSSIA 3|UNITED KINGDOM 3|UNITED STATES 1"
		.split("|")
		.map((entry) => [entry.slice(0, -2), Number(entry.slice(-1))]);
