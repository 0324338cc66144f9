"""Golden values of strptime_test.go, from Python's datetime.strptime.

python3 strptime.py > strptime.json
"""
import json
import random
from datetime import datetime, timedelta, timezone

random.seed(5)
FORMATS = [
    "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%y", "%m/%d/%Y %H:%M", "%Y%m%d%H%M%S", "%d %b %Y", "%B %d, %Y %I:%M %p",
    "%Y-%j", "%d.%m.%Y %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S", "%A %d %B %Y", "%d/%b/%Y:%H:%M:%S %z",
    "%Y week 100%% %m", "%y%m%d",
]
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
out = []


def add(fmt, text):
    try:
        t = datetime.strptime(text, fmt)
        if t.tzinfo is None:
            t = t.replace(tzinfo=timezone.utc)
        micros = (t - EPOCH) // timedelta(microseconds=1)
    except ValueError:
        micros = None
    out.append({"format": fmt, "text": text, "micros": micros})


for fmt in FORMATS:
    for _ in range(12):
        t = EPOCH + timedelta(microseconds=random.randrange(-10**15, 2 * 10**15))
        add(fmt, t.strftime(fmt))
    text = datetime(2024, 2, 29, 5, 7, 9, 120000, timezone.utc).strftime(fmt)
    add(fmt, text)
    add(fmt, text + " ")
    add(fmt, text[:-1] + "x")
    add(fmt, "")
for fmt, text in [
    ("%d.%m.%Y", "1.2.2003"), ("%d.%m.%Y", "29.02.2023"), ("%d.%m.%Y", "29.02.2024"), ("%d.%m.%Y", "31.04.2024"), ("%d.%m.%Y", "00.01.2024"),
    ("%d.%m.%Y", "32.01.2024"), ("%d.%m.%Y", "1.13.2024"), ("%d.%m.%y", "1.1.68"), ("%d.%m.%y", "1.1.69"), ("%Y", "2024"), ("%Y", "24"),
    ("%Y %I %p", "2024 12 AM"), ("%Y %I %p", "2024 12 pm"), ("%Y %I %p", "2024 0 pm"), ("%Y %I %p", "2024 13 pm"), ("%Y %H", "2024 24"),
    ("%Y %M", "2024 60"), ("%Y %b", "2024 MAY"), ("%Y %B", "2024 may"), ("%Y %b", "2024 mai"), ("%Y-%j", "2024-366"), ("%Y-%j", "2024-0"),
    ("%Y %z", "2024 +02:00"), ("%Y %z", "2024 -0530"), ("%Y %z", "2024 Z"), ("%Y %z", "2024 2"), ("%Y %Z", "2024 UTC"), ("%Y %Z", "2024 gmt"), ("%Y %Z", "2024 XYZ"),
    ("%Y %f", "2024 1"), ("%Y %f", "2024 1234567"), ("%d %m %Y", "1   2 2003"), ("%Y-%m-%d", "-001-01-01"),
]:
    add(fmt, text)
print("[\n" + ",\n".join(json.dumps(x) for x in out) + "\n]")
