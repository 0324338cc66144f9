"""Writes the golden files of package parquet with pyarrow, and what they hold
as pyarrow and Python see it (golden.json).

    python -m venv venv && venv/bin/pip install pyarrow==26.0.1
    cd ml/frame/parquet/testdata && venv/bin/python make.py
"""
import datetime as dt, decimal, json, math, random, struct, uuid
import pyarrow as pa, pyarrow.parquet as pq

N = 61
rnd = random.Random(7)
D = decimal.Decimal
utc = dt.timezone.utc
golden = {}


def gaps(values, every=5):
    return [None if every and i % every == every - 1 else v for i, v in enumerate(values)]


def micros(t):
    t = t if t.tzinfo else t.replace(tzinfo=utc)
    return (t - dt.datetime(1970, 1, 1, tzinfo=utc)) // dt.timedelta(microseconds=1)


def plain(v):
    if isinstance(v, float) and not math.isfinite(v):
        return None if v != v else str(v)
    return v


def columns(every):
    ints = lambda b: gaps([rnd.randrange(-2 ** (b - 1), 2 ** (b - 1)) for _ in range(N)], every)
    uints = lambda b: gaps([rnd.randrange(0, 2 ** b) for _ in range(N)], every)
    g = lambda vs: gaps(list(vs), every)
    out = {}

    def add(name, typ, values, kind, shown=None):
        shown = [None if v is None else plain((shown or (lambda x: x))(v)) for v in values]
        out[name] = (pa.array(values, typ), {"type": kind, "values": shown})

    add("bool", pa.bool_(), g(rnd.random() < 0.5 for _ in range(N)), "bool")
    for b in (8, 16, 32, 64):
        add(f"int{b}", getattr(pa, f"int{b}")(), ints(b), "int64")
        add(f"uint{b}", getattr(pa, f"uint{b}")(), uints(min(b, 63)), "int64")
    half = [struct.unpack("e", struct.pack("e", v))[0] for v in
            [0.0, -0.0, 65504, -1.5, 6e-8, 1 / 3, math.inf, -math.inf, math.nan] + [rnd.gauss(0, 9) for _ in range(N - 9)]]
    import numpy as np
    add("float16", pa.float16(), [None if v is None else np.float16(v) for v in g(half)], "float64", float)
    f32 = [struct.unpack("f", struct.pack("f", rnd.gauss(0, 1e3)))[0] for _ in range(N)]
    add("float32", pa.float32(), g(f32), "float64")
    add("float64", pa.float64(), g([math.nan, math.inf, 5e-324, 1e308, -0.0] + [rnd.gauss(0, 1e9) for _ in range(N - 5)]), "float64")
    dec = lambda p, s: g(D(rnd.randrange(-10 ** p + 1, 10 ** p)).scaleb(-s, decimal.Context(prec=80)) for _ in range(N))
    for p, s in ((7, 2), (15, 4), (18, 18), (30, 10), (38, 0)):
        add(f"decimal_{p}_{s}", pa.decimal128(p, s), dec(p, s), "float64", float)
    add("decimal_60_20", pa.decimal256(60, 20), dec(60, 20), "float64", float)
    words = ["", "a", "Zürich", "日本", "x" * 300, "quote\"", "tab\t"]
    add("string", pa.string(), g(rnd.choice(words) for _ in range(N)), "string")
    add("large_string", pa.large_string(), g(f"{i}:{rnd.random()}" for i in range(N)), "string")
    add("binary_text", pa.binary(), g(rnd.choice(words).encode() for _ in range(N)), "string", bytes.decode)
    add("fixed_text", pa.binary(3), g(b"%03d" % i for i in range(N)), "string", bytes.decode)
    add("uuid", pa.uuid(), g(uuid.UUID(int=rnd.getrandbits(128)).bytes for _ in range(N)), "string", lambda b: str(uuid.UUID(bytes=b)))
    add("category", pa.dictionary(pa.int32(), pa.string()), g(rnd.choice("abc") for _ in range(N)), "string")
    day = lambda: dt.date(1, 1, 1) + dt.timedelta(days=rnd.randrange(3652059))
    add("date32", pa.date32(), g(day() for _ in range(N)), "timestamp", lambda d: micros(dt.datetime.combine(d, dt.time())))
    add("date64", pa.date64(), g(day() for _ in range(N)), "timestamp", lambda d: micros(dt.datetime.combine(d, dt.time())))
    moment = lambda: dt.datetime(1700, 1, 1) + dt.timedelta(microseconds=rnd.randrange(10 ** 16))
    for unit, cut in (("s", 10 ** 6), ("ms", 1000), ("us", 1)):
        add(f"timestamp_{unit}", pa.timestamp(unit), g(dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=micros(moment()) // cut * cut) for _ in range(N)), "timestamp", micros)
    add("timestamp_utc", pa.timestamp("us", tz="UTC"), g(moment().replace(tzinfo=utc) for _ in range(N)), "timestamp", micros)
    add("timestamp_zoned", pa.timestamp("ms", tz="Europe/Berlin"), g(dt.datetime(2020, 1, 1, tzinfo=utc) + dt.timedelta(hours=i * 97) for i in range(N)), "timestamp", micros)
    add("timestamp_ns", pa.timestamp("ns"), g(rnd.randrange(-10 ** 18, 10 ** 18) for _ in range(N)), "timestamp", lambda n: n // 1000)
    clock = [rnd.randrange(86400 * 1000) for _ in range(N)]
    add("time_ms", pa.time32("ms"), g(clock), "float64", lambda v: v / 1e3)
    add("time_us", pa.time64("us"), g(v * 1000 + 7 for v in clock), "float64", lambda v: v / 1e6)
    add("time_ns", pa.time64("ns"), g(v * 10 ** 6 + 7 for v in clock), "float64", lambda v: v / 1e9)
    add("nothing", pa.null(), [None] * N, "string")
    add("all_null", pa.int64(), [None] * N, "int64")
    add("constant", pa.int32(), [5] * N, "int64")
    return out


def write(name, cols, nullable=True, **options):
    fields = [pa.field(k, a.type, nullable=nullable or a.null_count > 0) for k, (a, _) in cols.items()]
    table = pa.table([a for a, _ in cols.values()], schema=pa.schema(fields))
    pq.write_table(table, name, row_group_size=23, data_page_size=64, write_batch_size=4, **options)
    golden[name] = {k: o for k, (_, o) in cols.items()}


all_types, complete = columns(5), columns(0)
write("types.parquet", all_types, version="2.6")
write("complete.parquet", complete, nullable=False, version="2.6", compression="zstd")
write("pages_v2.parquet", all_types, version="2.6", data_page_version="2.0", compression="zstd", write_page_checksum=True)
write("plain.parquet", all_types, version="2.6", use_dictionary=False, compression="none", write_page_checksum=True)
write("old.parquet", {k: v for k, v in all_types.items() if not k.startswith(("uint", "time_ns"))}, version="1.0", use_deprecated_int96_timestamps=True)
some = {k: all_types[k] for k in ("bool", "int32", "int64", "float32", "float64", "string", "large_string", "fixed_text", "decimal_30_10")}
for codec in ("gzip", "brotli", "lz4", "snappy"):
    write(f"{codec}.parquet", some, compression=codec)
encodings = {"bool": "RLE", "int32": "DELTA_BINARY_PACKED", "int64": "DELTA_BINARY_PACKED", "float32": "BYTE_STREAM_SPLIT", "float64": "BYTE_STREAM_SPLIT",
             "string": "DELTA_BYTE_ARRAY", "large_string": "DELTA_LENGTH_BYTE_ARRAY", "fixed_text": "DELTA_BYTE_ARRAY", "decimal_30_10": "BYTE_STREAM_SPLIT"}
for v in ("1.0", "2.0"):
    write(f"encodings_v{v[0]}.parquet", some, use_dictionary=False, column_encoding=encodings, data_page_version=v)
split = {k: all_types[k] for k in ("int32", "int64")}
write("split_ints.parquet", split, use_dictionary=False, column_encoding={"int32": "BYTE_STREAM_SPLIT", "int64": "BYTE_STREAM_SPLIT"})

one = lambda name, array, **o: pq.write_table(pa.table({"id": list(range(len(array))), name: array}), f"bad/{name}.parquet", **o)
one("uint64_beyond", pa.array([1, 2 ** 64 - 1], pa.uint64()))
one("binary", pa.array([b"ok", b"\xff\xfe"], pa.binary()))
one("fixed_binary", pa.array([b"\xff\xfe"], pa.binary(2)))
one("list", pa.array([[1, 2], []]))
one("struct", pa.array([{"a": 1}, {"a": 2}]))
one("map", pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())))
one("far_date", pa.array([2 ** 31 - 1], pa.date32()))
pq.write_table(pa.table({}), "bad/no_columns.parquet")
pq.write_table(pa.table({"x": pa.array([], pa.int64())}), "no_rows.parquet")
golden["no_rows.parquet"] = {"x": {"type": "int64", "values": []}}
t = pa.table([pa.array([1]), pa.array([2])], names=["x", "x"])
pq.write_table(t, "bad/twins.parquet")
json.dump(golden, open("golden.json", "w"), ensure_ascii=False, separators=(",", ":"))
