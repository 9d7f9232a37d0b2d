#!/usr/bin/env python3
"""How far our public holidays agree with the Python package `holidays`, ten years of many markets.

    cargo run --release -p decide --example calendar_table -- 2020 2029 $MARKETS > ours.csv
    python3 scripts/peers/holidays_agree.py ours.csv

Prints one JSON object: shares of our first days that the package has (a day apart for Islamic feasts counts), shares of its
days that we have, and what differs most. Days observed instead of another are left out on its side.
"""
import collections
import csv
import datetime
import json
import sys

import holidays

ISLAMIC = ("eid", "islamic", "prophet", "arafat", "ascension-mu")


def main(path):
    ours = collections.defaultdict(lambda: collections.defaultdict(set))
    for market, day, event, _ in csv.reader(open(path)):
        ours[market][datetime.date.fromisoformat(day)].add(event)
    years = sorted({d.year for days in ours.values() for d in days})
    found = shown = theirs_found = theirs_all = 0
    missing, extra = collections.Counter(), collections.Counter()
    for market, days in sorted(ours.items()):
        table = holidays.country_holidays(market, years=years)
        real = {d: n for d, n in table.items() if not any(w in n.lower() for w in ("observed", "substitute", "in lieu", "day off"))}
        near = lambda d, slack, where: any(d + datetime.timedelta(k) in where for k in range(-slack, slack + 1))
        seen = set()
        for day in sorted(days):
            for event in days[day]:
                if (event, day - datetime.timedelta(1)) in seen:
                    seen.add((event, day))
                    continue
                seen.add((event, day))
                shown += 1
                slack = 1 if event.startswith(ISLAMIC) else 0
                if near(day, slack, table):
                    found += 1
                else:
                    extra[f"{market} {event}"] += 1
        for day, name in real.items():
            theirs_all += 1
            slack = 1 if any(w in name.lower() for w in ("eid", "fitr", "adha", "islam", "proph", "ramad", "maulid")) else 0
            if near(day, slack, days):
                theirs_found += 1
            else:
                missing[f"{market} {name}"] += 1
    print(json.dumps({
        "package": holidays.__version__, "markets": len(ours), "years": [years[0], years[-1]],
        "ours": shown, "ours_confirmed": round(found / shown, 4),
        "theirs": theirs_all, "theirs_had": round(theirs_found / theirs_all, 4),
        "only_ours": extra.most_common(25), "only_theirs": missing.most_common(60),
    }, ensure_ascii=False, indent=1))


main(sys.argv[1])
